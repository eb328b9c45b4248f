// Numbers, times and sizes for people.

const count = new Intl.NumberFormat('en');
const moment = new Intl.DateTimeFormat(undefined, {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
});

export const number = (value: number): string => count.format(value);

/** "1 item", "2 items". */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : many}`;

/** A time in milliseconds since 1970: the clock alone on the same day. */
export function time(millis: number, now = Date.now()): string {
  const date = new Date(millis);
  return date.toDateString() === new Date(now).toDateString() ? clock.format(date) : moment.format(date);
}

export const fullTime = (millis: number): string => new Date(millis).toISOString();

/** "12 ms", "1.4 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function duration(millis: number): string {
  const whole = Math.max(0, millis);
  if (whole < 1000) return `${Math.round(whole)} ms`;
  if (whole < 59_950) return `${(whole / 1000).toFixed(whole < 9950 ? 1 : 0)} s`;
  const seconds = Math.round(whole / 1000);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (days > 0) return `${number(days)} d${hours > 0 ? ` ${hours} h` : ''}`;
  if (hours > 0) return `${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  return `${minutes} min${seconds % 60 > 0 ? ` ${seconds % 60} s` : ''}`;
}

/** "512 B", "3.1 KiB", "256 KiB". */
export function size(bytes: number): string {
  if (bytes < 1024) return `${number(bytes)} B`;
  const kibibytes = bytes / 1024;
  return kibibytes < 1024 ? `${kibibytes.toFixed(kibibytes < 10 ? 1 : 0)} KiB` : `${(kibibytes / 1024).toFixed(1)} MiB`;
}

/** JSON text as a value; text that is none stands for itself. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
