import { expect, test } from 'vitest';
import type { Course } from '../contract';
import { Past } from './past';

const course = (events: number) => ({ events }) as Course;

test('of what is wanted while something is read, the last alone is read', async () => {
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const past = new Past(
    (until) => {
      asked.push(until);
      return new Promise((resolve) => answers.push(() => resolve(course(until))));
    },
    (error) => expect.fail(String(error)),
  );
  for (let until = 1; until <= 50; until += 1) past.show(until);
  expect(asked).toEqual([1]);
  answers.shift()?.();
  await expect.poll(() => asked).toEqual([1, 50]);
  expect(past.read.value?.until).toBe(1);
  answers.shift()?.();
  await expect.poll(() => past.read.value?.until).toBe(50);

  // What comes after the way back to now is not shown.
  past.show(3);
  past.show(undefined);
  answers.shift()?.();
  await Promise.resolve();
  expect(past.read.value).toBeUndefined();
});

test('what failed is read again when it is asked for', async () => {
  const errors: unknown[] = [];
  let isThere = false;
  const past = new Past(
    async (until) => {
      if (!isThere) throw new Error('gone');
      return course(until);
    },
    (error) => errors.push(error),
  );
  past.show(2);
  await expect.poll(() => errors.length).toBe(1);
  isThere = true;
  past.again();
  await expect.poll(() => past.read.value?.until).toBe(2);
});
