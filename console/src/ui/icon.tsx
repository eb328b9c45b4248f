// The symbols of buttons.

const PATHS = {
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  down: 'M3 6l5 5 5-5',
  first: 'M4 3v10M13 3L8 8l5 5',
  last: 'M12 3v10M3 3l5 5-5 5',
  clock: 'M8 1.8a6.2 6.2 0 1 0 .01 0ZM8 4.5V8l2.5 2',
  copy: 'M5 5V2h9v9h-3M2 5h9v9H2Z',
  play: 'M4 2.5l9 5.5-9 5.5Z',
  stop: 'M3.5 3.5h9v9h-9Z',
  again: 'M13 8a5 5 0 1 1-1.5-3.6M12 1.5v3.2H8.8',
  light:
    'M8 4.5a3.5 3.5 0 1 0 .01 0ZM8 .8v1.4M8 13.8v1.4M.8 8h1.4M13.8 8h1.4M2.9 2.9l1 1M12.1 12.1l1 1M2.9 13.1l1-1M12.1 3.9l1-1',
  dark: 'M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z',
  auto: 'M8 1.8a6.2 6.2 0 1 0 .01 0ZM8 1.8v12.4',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
