// Called by requests, and by the messages of a queue.
export const handler = async (event) => {
  if (event.Records) {
    for (const { body } of event.Records) console.log("billed", JSON.parse(body).id);
    return { batchItemFailures: [] };
  }
  return { statusCode: 200, body: JSON.stringify({ id: event.pathParameters.id, at: process.env.ORDERS_URL }) };
};
