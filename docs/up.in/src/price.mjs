export const handler = async ({ amount }) => `${amount * 2} ${process.env.CURRENCY}`;
