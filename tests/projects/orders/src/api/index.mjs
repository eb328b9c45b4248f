// Called by requests, by the messages of a queue, and by objects of a bucket.
export const handler = async (event) => {
  if (event.Records) {
    for (const { s3 } of event.Records.filter((record) => record.s3)) console.log("stored", s3.object.key);
    for (const { body } of event.Records.filter((record) => record.body)) console.log("billed", JSON.parse(body).id);
    return { batchItemFailures: [] };
  }
  if (event.pathParameters.id === "wrong") throw new RangeError("there is no such order");
  return { statusCode: 200, body: JSON.stringify({ id: event.pathParameters.id, at: process.env.ORDERS_URL }) };
};
