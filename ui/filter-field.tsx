import { type ReactNode, useEffect, useState } from 'react';

export interface ParsedFilter {
  filter?: Record<string, unknown>;
  problem?: string;
}
export const emptyFilter: ParsedFilter = {};

/** Who types is not interrupted: a filter counts when it has stood for so long, ms. */
const patienceMs = 400;
const example = '{"year": {"gte": 2025}}';

const parsed = (text: string): ParsedFilter => {
  if (text.trim() === '') return emptyFilter;
  try {
    const filter: unknown = JSON.parse(text);
    if (typeof filter === 'object' && filter !== null && !Array.isArray(filter)) return { filter: filter as Record<string, unknown> };
    return { problem: `A filter is a JSON object. Write for example ${example}.` };
  } catch {
    return { problem: `The filter is not JSON. Write for example ${example}.` };
  }
};

/** A filter in the API's own language. */
export const FilterField = ({ onFilter }: { onFilter(filter: ParsedFilter): void }): ReactNode => {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  useEffect(() => {
    const timer = setTimeout(() => {
      const read = parsed(text);
      setProblem(read.problem);
      // What is no filter leaves the last one that was.
      if (read.problem === undefined) onFilter(read);
    }, patienceMs);
    return () => clearTimeout(timer);
  }, [text, onFilter]);
  return (
    <>
      <label>
        Filter (JSON)
        <input
          name="filter"
          value={text}
          placeholder={example}
          autoComplete="off"
          spellCheck={false}
          aria-invalid={problem !== undefined}
          onChange={(event) => setText(event.target.value)}
        />
      </label>
      {problem !== undefined && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
};
