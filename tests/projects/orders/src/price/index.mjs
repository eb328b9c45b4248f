import { createRequire } from "node:module";

// It lies in the layer.
const { rate } = createRequire(import.meta.url)("rates");

export const handler = async ({ amount }) => ({ text: `${amount * rate(process.env.CURRENCY)} ${process.env.CURRENCY}` });
