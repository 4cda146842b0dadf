import { type ReactNode, useRef, useState } from 'react';
import type { Space } from '../client/index.ts';
import { messageOf } from './message-of.ts';

interface UploadProps {
  space: Space;
  children: ReactNode;
  /** When what was uploaded can be found. */
  onDone(): Promise<void>;
}

/** Files dropped anywhere on the map, or chosen, become documents of the space. */
export const Upload = ({ space, children, onDone }: UploadProps): ReactNode => {
  const [isOver, setIsOver] = useState(false);
  const [said, setSaid] = useState<{ text: string; isProblem?: boolean }>();
  const chooser = useRef<HTMLInputElement>(null);

  const take = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return;
    try {
      const documents = [];
      for (const [index, file] of files.entries()) {
        setSaid({ text: `Uploading ${file.name} (${index + 1} of ${files.length})…` });
        const { ref } = await space.blobs.put(file.name, file, { mediaType: file.type || 'application/octet-stream' });
        documents.push({ id: file.name, blob_ref: ref, metadata: { title: file.name } });
      }
      const task = await space.ingest({ documents });
      setSaid({ text: `Accepted as ${task.task_id}. Reading and embedding…` });
      const { status, counts, errors } = await task.wait();
      setSaid({ text: `Task ${status}: ${counts.written} of ${counts.documents} documents. Drawing the map…`, isProblem: status === 'failed' });
      await onDone();
      const problems = errors.map(({ doc_id, message }) => `${doc_id ?? 'request'}: ${message}`).join(' ');
      setSaid({
        text: `Task ${status}: ${counts.written} of ${counts.documents} documents, ${counts.chunks} passages. ${problems}`,
        isProblem: problems !== '',
      });
    } catch (error) {
      setSaid({ text: messageOf(error), isProblem: true });
    }
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping has a button beside it that does the same
    <div
      className={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={() => setIsOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setIsOver(false);
        void take([...event.dataTransfer.files]);
      }}
    >
      <p className="upload">
        <button type="button" onClick={() => chooser.current?.click()}>
          Add files
        </button>
        <input ref={chooser} type="file" multiple hidden onChange={(event) => void take([...(event.target.files ?? [])])} />
        <span role={said?.isProblem === true ? 'alert' : 'status'} className={said?.isProblem === true ? 'problem' : ''}>
          {said?.text ?? 'or drop them anywhere on the map'}
        </span>
      </p>
      {children}
    </div>
  );
};
