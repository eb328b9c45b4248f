export const handler = async (event, context) => {
  console.log(`${context.functionName} counts`);
  return { letters: [...event.text].length };
};
