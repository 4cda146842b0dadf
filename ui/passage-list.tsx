import type { ReactNode } from 'react';
import type { HazePoint } from '../shared/http/haze.ts';

interface PassageListProps {
  passages: readonly HazePoint[];
  label: string;
  onChoose(passage: HazePoint): void;
}

export const PassageList = ({ passages, label, onChoose }: PassageListProps): ReactNode => (
  <ul aria-label={label}>
    {passages.map((passage) => (
      <li key={`${passage.source_scope} ${passage.id}`}>
        <button type="button" onClick={() => onChoose(passage)}>
          <strong>{passage.title}</strong> {passage.snippet}
        </button>
      </li>
    ))}
  </ul>
);
