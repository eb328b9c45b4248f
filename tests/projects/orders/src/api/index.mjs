// Called by requests, and by the messages of a queue.
export const handler = async (event) => {
  if (event.Records) {
    for (const { body } of event.Records) console.log("billed", JSON.parse(body).id);
    return { batchItemFailures: [] };
  }
  if (event.pathParameters.id === "wrong") throw new RangeError("there is no such order");
  return { statusCode: 200, body: JSON.stringify({ id: event.pathParameters.id, at: process.env.ORDERS_URL }) };
};
