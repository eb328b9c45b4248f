// Drives a server of the S3 API with the AWS SDK for JavaScript: node s3_javascript.mjs URL [FOLDER]
//
// The SDK is in FOLDER/node_modules; without FOLDER, the variable ASL_AWS_SDK_NPM names it. Compares what comes back with what AWS
// answers, and removes what it made. Ends at the first difference, with a message. The last line names the operations.

import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';

const [url, folder = process.env.ASL_AWS_SDK_NPM] = process.argv.slice(2);
if (!url || !folder) {
  console.error('usage: node s3_javascript.mjs URL FOLDER');
  process.exit(2);
}
const load = createRequire(join(resolve(folder), 'package.json'));
// The SDK warns of the end of old versions of Node; that is no difference.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
const sdk = load('@aws-sdk/client-s3');
const { Upload } = load('@aws-sdk/lib-storage');
const { version } = load('@aws-sdk/client-s3/package.json');

const MB = 1024 * 1024;

class Difference extends Error {}

const show = (value) => JSON.stringify(value);

function same(what, got, wanted) {
  if (!isDeepStrictEqual(got, wanted)) throw new Difference(`${what}: got ${show(got)}, wanted ${show(wanted)}`);
}

const client = new sdk.S3Client({
  endpoint: url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  forcePathStyle: true,
  maxAttempts: 1,
});

let calls = 0;
const called = new Set();
client.middlewareStack.add(
  (next, context) => async (input) => {
    calls += 1;
    called.add(context.commandName.replace(/Command$/, ''));
    return next(input);
  },
  { step: 'initialize' },
);

const call = (operation, parameters = {}) => client.send(new sdk[`${operation}Command`](parameters));

async function refused(operation, name, status, parameters) {
  try {
    await call(operation, parameters);
  } catch (error) {
    same(`${operation}: error`, [error.name, error.$metadata?.httpStatusCode], [name, status]);
    return error;
  }
  throw new Difference(`${operation}: wanted the error ${name}`);
}

const md5 = (content) => createHash('md5').update(content).digest('hex');

async function buckets() {
  for (let times = 0; times < 2; times += 1) await call('CreateBucket', { Bucket: 'script' });
  await call('HeadBucket', { Bucket: 'script' });
  await refused('HeadBucket', 'NotFound', 404, { Bucket: 'nowhere' });
  same('GetBucketLocation', (await call('GetBucketLocation', { Bucket: 'script' })).LocationConstraint, undefined);
  same('ListBuckets', (await call('ListBuckets')).Buckets.map(({ Name }) => Name), ['script']);
}

async function objects() {
  const about = { ContentType: 'text/plain', Metadata: { a: 'b' }, CacheControl: 'no-cache', StorageClass: 'GLACIER_IR' };
  const put = await call('PutObject', { Bucket: 'script', Key: 'a/ü', Body: 'hello', Tagging: 't=1', ...about });
  same('ETag', put.ETag, `"${md5('hello')}"`);
  same('checksum', [put.ChecksumCRC32, put.ChecksumType], ['NhCmhg==', 'FULL_OBJECT']);
  const got = await call('GetObject', { Bucket: 'script', Key: 'a/ü' });
  same('content', await got.Body.transformToString(), 'hello');
  for (const name of Object.keys(about)) same(name, got[name], about[name]);
  const part = await call('GetObject', { Bucket: 'script', Key: 'a/ü', Range: 'bytes=1-2' });
  same('a range', [await part.Body.transformToString(), part.ContentRange], ['el', 'bytes 1-2/5']);
  const head = await call('HeadObject', { Bucket: 'script', Key: 'a/ü' });
  same('LastModified', head.LastModified, got.LastModified);
  // A stream, whose checksum follows it.
  const stream = Readable.from([Buffer.alloc(MB, 'x'), Buffer.alloc(MB, 'y')]);
  await call('PutObject', { Bucket: 'script', Key: 'stream', Body: stream, ContentLength: 2 * MB });
  same('a stream', (await call('HeadObject', { Bucket: 'script', Key: 'stream' })).ContentLength, 2 * MB);
  for (const ChecksumAlgorithm of ['CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']) {
    try {
      const told = await call('PutObject', { Bucket: 'script', Key: 'sum', Body: 'x', ChecksumAlgorithm });
      same(ChecksumAlgorithm, typeof told[`Checksum${ChecksumAlgorithm}`], 'string');
    } catch (error) {
      // The SDK has this algorithm in a package of its own.
      if (ChecksumAlgorithm !== 'CRC64NVME') throw error;
    }
  }
  const error = await refused('GetObject', 'NoSuchKey', 404, { Bucket: 'script', Key: 'no' });
  same('message', error.message, 'The specified key does not exist.');
  await refused('GetObject', 'NoSuchBucket', 404, { Bucket: 'nowhere', Key: 'no' });
  await refused('PutObject', 'BadDigest', 400, { Bucket: 'script', Key: 'no', Body: 'x', ChecksumCRC32: 'AAAAAA==' });
  await refused('PutObject', 'PreconditionFailed', 412, { Bucket: 'script', Key: 'a/ü', Body: 'x', IfNoneMatch: '*' });
  await refused('GetObject', 'Unknown', 304, { Bucket: 'script', Key: 'a/ü', IfNoneMatch: put.ETag });
  const copy = await call('CopyObject', { Bucket: 'script', Key: 'copy', CopySource: `script/${encodeURIComponent('a/ü')}` });
  same('CopyObject', copy.CopyObjectResult.ETag, put.ETag);
  const tags = await call('GetObjectTagging', { Bucket: 'script', Key: 'copy' });
  same('GetObjectTagging', tags.TagSet, [{ Key: 't', Value: '1' }]);
  await call('PutObjectTagging', { Bucket: 'script', Key: 'copy', Tagging: { TagSet: [{ Key: 'u', Value: '2' }] } });
  await call('DeleteObjectTagging', { Bucket: 'script', Key: 'copy' });
  const asked = { Bucket: 'script', Key: 'copy', ObjectAttributes: ['ETag', 'ObjectSize', 'Checksum'] };
  const attributes = await call('GetObjectAttributes', asked);
  same('GetObjectAttributes', [attributes.ETag, attributes.ObjectSize], [md5('hello'), 5]);
}

async function lists() {
  const one = await call('ListObjectsV2', { Bucket: 'script', MaxKeys: 1 });
  const keys = [];
  for await (const page of sdk.paginateListObjectsV2({ client, pageSize: 2 }, { Bucket: 'script' })) {
    keys.push(...page.Contents.map(({ Key }) => Key));
  }
  same('ListObjectsV2', keys, ['a/ü', 'copy', 'stream', 'sum']);
  same('a page', [one.KeyCount, one.IsTruncated], [1, true]);
  const first = await call('ListObjects', { Bucket: 'script', Delimiter: '/' });
  same('ListObjects', [first.Contents.length, first.CommonPrefixes], [3, [{ Prefix: 'a/' }]]);
}

async function parts() {
  const content = randomBytes(12 * MB + 3);
  const upload = new Upload({
    client,
    params: { Bucket: 'script', Key: 'large', Body: Readable.from([content]), ContentType: 'text/x' },
    partSize: 5 * MB,
  });
  const done = await upload.done();
  const tags = [0, 5, 10].map((at) => createHash('md5').update(content.subarray(at * MB, (at + 5) * MB)).digest());
  same('ETag', done.ETag, `"${md5(Buffer.concat(tags))}-3"`);
  const got = await call('GetObject', { Bucket: 'script', Key: 'large' });
  same('content', Buffer.compare(Buffer.from(await got.Body.transformToByteArray()), content), 0);
  same('ContentType', got.ContentType, 'text/x');
  const small = new Upload({ client, params: { Bucket: 'script', Key: 'small', Body: 'x' } });
  same('one part', (await small.done()).ETag, `"${md5('x')}"`);
  const { UploadId } = await call('CreateMultipartUpload', { Bucket: 'script', Key: 'slow' });
  const place = { Bucket: 'script', Key: 'slow', UploadId };
  same('ListMultipartUploads', (await call('ListMultipartUploads', { Bucket: 'script' })).Uploads.length, 1);
  const range = 'bytes=0-4';
  const copied = await call('UploadPartCopy', { ...place, PartNumber: 1, CopySource: 'script/large', CopySourceRange: range });
  const listed = await call('ListParts', place);
  same('ListParts', [listed.Parts.length, listed.Parts[0].ETag], [1, copied.CopyPartResult.ETag]);
  await call('AbortMultipartUpload', place);
  await refused('ListParts', 'NoSuchUpload', 404, place);
}

async function remove() {
  await call('DeleteObject', { Bucket: 'script', Key: 'small' });
  const { Contents } = await call('ListObjectsV2', { Bucket: 'script' });
  const Objects = Contents.map(({ Key }) => ({ Key }));
  const { Deleted } = await call('DeleteObjects', { Bucket: 'script', Delete: { Objects } });
  same('DeleteObjects', Deleted.length, Objects.length);
  await call('DeleteBucket', { Bucket: 'script' });
}

try {
  for (const part of [buckets, objects, lists, parts, remove]) await part();
  console.log(`ok: ${calls} calls of ${[...called].sort().join(' ')}`);
} catch (error) {
  const told = error instanceof Difference ? error.message : error.stack;
  console.error(`@aws-sdk/client-s3 ${version}: after ${calls} calls: ${told}`);
  process.exitCode = 1;
} finally {
  client.destroy();
}
