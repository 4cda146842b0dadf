import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { Space } from '../client/index.ts';
import { messageOf } from './message-of.ts';

interface UploadProps {
  space: Space;
  children: ReactNode;
  /** When what was uploaded can be found. */
  onDone(): Promise<void>;
}

interface Said {
  text: string;
  isProblem?: boolean;
  /** Share that is done, 0 to 1; null: nobody knows. Absent: nothing is going on. */
  progress?: number | null;
}

const holdsFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') === true;

/** Files over the page, wherever they are dropped: beside the map, a browser would open them instead of the page. */
const useDroppedFiles = (onFiles: (files: File[]) => void): boolean => {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setIsOver(true);
    };
    // Leaving the page, not going from one of its parts to another.
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setIsOver(false);
    };
    const drop = (event: DragEvent): void => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      setIsOver(false);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const listeners = { dragover: over, dragleave: leave, drop };
    for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener as EventListener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener as EventListener);
    };
  }, []);
  return isOver;
};

/** Files dropped anywhere on the page, or chosen, become documents of the space. */
export const Upload = ({ space, children, onDone }: UploadProps): ReactNode => {
  const [said, setSaid] = useState<Said>();
  const chooser = useRef<HTMLInputElement>(null);

  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    try {
      const documents = [];
      for (const [index, file] of files.entries()) {
        setSaid({ text: `Uploading ${file.name} (${index + 1} of ${files.length})…`, progress: index / files.length });
        const { ref } = await space.blobs.put(file.name, file, { mediaType: file.type || 'application/octet-stream' });
        documents.push({ id: file.name, blob_ref: ref, metadata: { title: file.name } });
      }
      const task = await space.ingest({ documents });
      setSaid({ text: `Accepted as ${task.task_id}. Reading and embedding…`, progress: null });
      const { status, counts, errors } = await task.wait();
      const outcome = `Task ${status}: ${counts.written} of ${counts.documents} documents`;
      if (counts.written > 0) {
        setSaid({ text: `${outcome}. Drawing the map…`, progress: null });
        await onDone();
      }
      const problems = errors.map(({ doc_id, message }) => `${doc_id ?? 'request'}: ${message}`).join(' ');
      setSaid({ text: `${outcome}, ${counts.chunks} passages. ${problems}`, isProblem: problems !== '' || status === 'failed' });
    } catch (error) {
      setSaid({ text: messageOf(error), isProblem: true });
    }
  };
  const isBusy = said?.progress !== undefined;
  const isOver = useDroppedFiles((files) => {
    if (!isBusy) void take(files);
  });

  return (
    <div className={isOver ? 'drop over' : 'drop'}>
      <div className="upload">
        <button type="button" disabled={isBusy} onClick={() => chooser.current?.click()}>
          Add files
        </button>
        <input
          ref={chooser}
          type="file"
          multiple
          hidden
          aria-label="Files to add"
          onChange={(event) => {
            void take([...(event.target.files ?? [])]);
            // The same file again is a change, too.
            event.target.value = '';
          }}
        />
        {isBusy && <progress value={said.progress ?? undefined} aria-label="Upload" />}
        <span role={said?.isProblem === true ? 'alert' : 'status'} className={said?.isProblem === true ? 'problem' : 'quiet'}>
          {isOver ? 'Drop them to add them to this space' : (said?.text ?? 'or drop them anywhere on the page')}
        </span>
      </div>
      {children}
    </div>
  );
};
