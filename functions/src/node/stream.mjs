// What a handler that answers by a stream writes to.

/** What it may do with the request behind it: all that a writable stream does, and nothing else of a request. */
const METHODS = [
  ...['cork', 'destroy', 'end', 'uncork', 'write'],
  ...['addListener', 'emit', 'eventNames', 'getMaxListeners', 'listenerCount', 'listeners', 'off', 'on', 'once'],
  ...['prependListener', 'prependOnceListener', 'rawListeners', 'removeAllListeners', 'removeListener', 'setMaxListeners'],
];
const PROPERTIES = [
  ...['destroyed', 'writable', 'writableFinished', 'writableObjectMode', 'writableEnded', 'writableNeedDrain'],
  ...['writableHighWaterMark', 'writableCorked', 'writableLength'],
];

/** The stream that writes to `request`; `failed` makes errors of the runtime. */
export function writable(request, failed, endTakesChunks) {
  const stream = {};
  for (const name of METHODS) stream[name] = request[name].bind(request);
  for (const name of PROPERTIES) {
    Object.defineProperty(stream, name, { get: () => request[name], set: (value) => (request[name] = value) });
  }
  let begun = false;
  stream.write = (chunk, encoding, callback) => {
    const isBytes = typeof chunk === 'string' || chunk instanceof Uint8Array;
    if (!begun) stream._onBeforeFirstWrite?.((first) => request.write(first));
    const flows = request.write(isBytes ? chunk : JSON.stringify(chunk), encoding, callback);
    begun = true;
    return flows;
  };
  if (!endTakesChunks) stream.end = (chunkOrCallback) => void request.end(chunkOrCallback);
  stream.setContentType = (type) => {
    if (begun) throw failed('InvalidStreamingOperation', 'Cannot set content-type, too late.');
    request.setHeader('Content-Type', type);
  };
  return stream;
}
