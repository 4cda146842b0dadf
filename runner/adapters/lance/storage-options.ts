import { type ObjectScheme, parseObjectRoot, requireSettings, type StorageSettings } from '../../storage-settings.ts';

type Options = Record<string, string>;

/** How often the engine tries a request again: about 3 s in all, like our own requests. */
const retries: Options = { client_max_retries: '5', timeout: '30s' };

const overHttp = (endpoint: string | undefined): Options => (endpoint?.startsWith('http://') === true ? { allow_http: 'true' } : {});

const optionsOf: Record<ObjectScheme, (settings: StorageSettings) => Options> = {
  // Without an endpoint: the machine's own identity, as Google's client does it.
  gs: ({ gcs: { endpoint } }) => (endpoint === undefined ? {} : { google_base_url: endpoint, google_storage_token: 'emulated', ...overHttp(endpoint) }),
  s3(settings) {
    const { region, endpoint, credentials } = requireSettings(settings, 's3');
    return {
      aws_region: region,
      ...(endpoint === undefined ? {} : { aws_endpoint: endpoint, aws_virtual_hosted_style_request: 'false', ...overHttp(endpoint) }),
      ...(credentials === undefined ? {} : { aws_access_key_id: credentials.accessKeyId, aws_secret_access_key: credentials.secretAccessKey }),
    };
  },
  az(settings) {
    const { account, key, endpoint } = requireSettings(settings, 'azure');
    return {
      azure_storage_account_name: account,
      azure_storage_account_key: key,
      ...(endpoint === undefined ? {} : { azure_storage_endpoint: `${endpoint}/${account}`, ...overHttp(endpoint) }),
    };
  },
};

/**
 * What the engine is told of the store that a folder of tables lies on.
 * `local_fsync`: without it a power cut takes commits that were already published.
 */
export const storageOptions = (uri: string, settings: StorageSettings | undefined): Options => {
  const place = parseObjectRoot(uri);
  if (place === undefined) return { local_fsync: 'true' };
  if (settings === undefined) throw new Error(`no settings for the store of ${uri}`);
  return { ...retries, ...optionsOf[place.scheme](settings) };
};
