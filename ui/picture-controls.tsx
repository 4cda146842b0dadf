import type { ReactNode } from 'react';
import { type Colouring, colourings } from './colours.ts';

interface PictureControlsProps {
  colouring: Colouring;
  onColouring(colouring: Colouring): void;
  field: string;
  onField(field: string): void;
  includeGlobal: boolean;
  onIncludeGlobal(isWanted: boolean): void;
  isDrawing: boolean;
  onRedraw(): Promise<void>;
  onShowAll(): void;
  children: ReactNode;
}

/** What is shown, and how. */
export const PictureControls = ({ children, ...props }: PictureControlsProps): ReactNode => (
  <fieldset>
    <legend>Picture</legend>
    <label>
      Colour by
      <select name="colouring" value={props.colouring} onChange={(event) => props.onColouring(event.target.value as Colouring)}>
        {colourings.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
    {props.colouring === 'field' && (
      <label>
        Metadata field <input name="field" value={props.field} onChange={(event) => props.onField(event.target.value)} placeholder="year" />
      </label>
    )}
    {children}
    <label className="inline">
      <input type="checkbox" name="include_global" checked={props.includeGlobal} onChange={(event) => props.onIncludeGlobal(event.target.checked)} /> with the
      global space
    </label>
    <div className="row">
      <button type="button" className="wide" onClick={props.onShowAll}>
        Show all
      </button>
      <button type="button" className="wide" disabled={props.isDrawing} onClick={() => void props.onRedraw()}>
        {props.isDrawing ? 'Drawing…' : 'Draw anew'}
      </button>
    </div>
  </fieldset>
);
