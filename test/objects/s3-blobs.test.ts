import { fakeStoreBattery, s3Variables } from './fake-places.ts';

fakeStoreBattery('S3', 's3://bucket', s3Variables);
