import { NexusError, validationFailed } from '../../shared/errors.ts';
import { blobNameSchema } from '../../shared/http/blobs.ts';
import { limits } from '../../shared/limits.ts';
import type { Registry } from '../../shared/routes.ts';
import type { Area, SpaceKey } from '../../shared/space-key.ts';
import { contentFolder, contentLocation, findUpload } from '../blobs/uploads.ts';
import type { Blobs } from '../ports/blobs.ts';
import { importTarget } from './import-uri.ts';

const uploadScheme = 'nexus://';

export interface BlobRefDeps {
  /** Of the target space's blob route. */
  blobs: Blobs;
  blobsAt: (root: string) => Blobs;
  registry: () => Registry;
  imports: readonly { tenant_id: string; prefix: string }[];
  nowMs: () => number;
}

/** What a `blob_ref` was found to name. */
export interface NamedFile {
  /** Where the reference stands in the request. */
  path: string;
  location: string;
  /** RFC 3339. Of an import: when it was copied. */
  storedAt: string;
}

/**
 * What a `blob_ref` names, as the location of content under its hash in the space's own uploads: a name may be pointed
 * elsewhere later, and an imported file may change, but the request has fixed what it meant.
 * @throws NexusError 422 `nexus.blob_ref_forbidden` for a place that is not the caller's, 422 for what is not there
 */
export const resolveBlobRef = async (deps: BlobRefDeps, caller: Area, key: SpaceKey, ref: string, path: string): Promise<NamedFile> => {
  if (ref.startsWith(uploadScheme)) {
    const name = blobNameSchema.safeParse(ref.slice(uploadScheme.length));
    if (!name.success) throw forbidden(path);
    const upload = await findUpload(deps.blobs, key, name.data);
    if (upload === undefined) throw validationFailed([{ path, message: 'names no uploaded file of this space; upload it with PUT …/blobs/{name} first' }]);
    return { path, location: contentLocation(key, upload.sha256), storedAt: upload.uploaded_at };
  }
  return importFile(deps, caller, key, ref, path);
};

const forbidden = (path: string): NexusError =>
  new NexusError(
    'nexus.blob_ref_forbidden',
    `${path} must be nexus://{name} of a file uploaded to this space, or lie under a prefix that the route allows this tenant to import from.`,
  );

/** Copies an allowed file into the space's uploads. */
const importFile = async (deps: BlobRefDeps, caller: Area, key: SpaceKey, ref: string, path: string): Promise<NamedFile> => {
  const storedAt = new Date(deps.nowMs()).toISOString();
  const prefixes = deps.imports.filter(({ tenant_id }) => tenant_id === '*' || tenant_id === caller.tenant_id).map(({ prefix }) => prefix);
  const target = await importTarget(
    ref,
    prefixes,
    deps.registry().routes.map(({ root }) => root),
  );
  if (target === undefined) throw forbidden(path);
  if (target === 'missing') throw validationFailed([{ path, message: 'names no file' }]);
  const source = deps.blobsAt(target.root);
  const found = await source.head(target.name);
  if (found === undefined) throw validationFailed([{ path, message: 'names no file' }]);
  if (found.bytes > limits.blobBytes) throw validationFailed([{ path, message: `is over ${limits.blobBytes} bytes` }]);
  const stream = await source.getStream(target.name);
  if (stream === undefined) throw validationFailed([{ path, message: 'names no file' }]);
  const { sha256 } = await deps.blobs.putByHash(contentFolder(key), stream);
  return { path, location: contentLocation(key, sha256), storedAt };
};
