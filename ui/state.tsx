import type { ReactNode } from 'react';
import type { ShownMap } from './use-map.ts';

interface StateProps {
  map: ShownMap;
  isDrawing: boolean;
  isFiltered: boolean;
}

/** What the map is doing: in the corner of a picture, or in the place of one. */
export const State = ({ map: { points, about, status, isBusy, error, reload }, isDrawing, isFiltered }: StateProps): ReactNode => {
  const isEmpty = points.count === 0;
  const said = isDrawing ? 'Drawing the map anew…' : isEmpty && !isBusy && isFiltered && error === undefined ? 'No passage fits the filter.' : status;
  const isStale = !isDrawing && about?.snapshot?.stale === true;
  return (
    <div className={isEmpty ? 'state empty' : 'state'}>
      {error !== undefined && (
        <div className="problem" role="alert">
          <p>{error}</p>
          <button type="button" onClick={reload}>
            Try again
          </button>
        </div>
      )}
      {(isBusy || isDrawing) && error === undefined && <progress aria-label="The map is loading" />}
      <p role="status">
        {said}
        {isStale && ' · the space has changed since this map was drawn'}
      </p>
    </div>
  );
};
