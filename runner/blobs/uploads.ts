import { z } from 'zod';
import { sha256Hex } from '../../shared/bytes.ts';
import { NexusError } from '../../shared/errors.ts';
import { locate, type SpaceKey } from '../../shared/space-key.ts';
import type { Blobs } from '../ports/blobs.ts';
import { getJson, putJson, unlessDamaged } from '../records/json-blob.ts';

const uploadSchema = z.object({ name: z.string(), sha256: z.string(), bytes: z.number().int(), media_type: z.string(), uploaded_at: z.string() });
export type Upload = z.infer<typeof uploadSchema>;

/** Content lies under its hash; a name is a small record that points to it, itself named by a hash, so that any text can be a name. */
const namesFolder = (key: SpaceKey): string => `${locate(key).uploads}/names`;
export const contentFolder = (key: SpaceKey): string => `${locate(key).uploads}/sha256`;
const nameRecord = (key: SpaceKey, name: string): string => `${namesFolder(key)}/${sha256Hex(name)}.json`;

export const contentLocation = (key: SpaceKey, sha256: string): string => `${contentFolder(key)}/${sha256}`;

/** Stores a file and points its name to it. The stream ends with an error when it is too long; then nothing changed. */
export const storeUpload = async (
  blobs: Blobs,
  key: SpaceKey,
  name: string,
  mediaType: string,
  stream: AsyncIterable<Uint8Array>,
  nowMs: number,
): Promise<Upload> => {
  const { sha256, bytes } = await blobs.putByHash(contentFolder(key), stream);
  const upload: Upload = { name, sha256, bytes, media_type: mediaType, uploaded_at: new Date(nowMs).toISOString() };
  await putJson(blobs, nameRecord(key, name), upload);
  return upload;
};

export const findUpload = async (blobs: Blobs, key: SpaceKey, name: string): Promise<Upload | undefined> => getJson(blobs, nameRecord(key, name), uploadSchema);

/** @throws NexusError 404 */
export const requireUpload = async (blobs: Blobs, key: SpaceKey, name: string): Promise<Upload> => {
  const upload = await findUpload(blobs, key, name);
  if (upload === undefined) throw new NexusError('nexus.not_found', 'There is no file of this name in this space. Upload it with PUT first.');
  return upload;
};

/**
 * Removes a deleted space's files, as far as they were there when it was deleted: what was uploaded since belongs to its
 * next life.
 */
export const removeUploads = async (blobs: Blobs, key: SpaceKey, acceptedAtMs: number): Promise<void> => {
  const kept = new Set<string>();
  for (const name of await blobs.list(namesFolder(key))) {
    const upload = await unlessDamaged(getJson(blobs, `${namesFolder(key)}/${name}`, uploadSchema));
    if (upload !== undefined && Date.parse(upload.uploaded_at) >= acceptedAtMs) kept.add(upload.sha256);
    else await blobs.delete(`${namesFolder(key)}/${name}`);
  }
  for (const sha256 of await blobs.list(contentFolder(key))) {
    const stored = await blobs.head(contentLocation(key, sha256));
    // Content without a name may be an upload under way, or an import of a later request.
    if (!kept.has(sha256) && stored !== undefined && stored.modifiedMs < acceptedAtMs) await blobs.delete(contentLocation(key, sha256));
  }
};
