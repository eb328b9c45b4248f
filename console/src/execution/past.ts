// An execution as it was after one of its events.

import { signal } from '@preact/signals';
import type { Course } from '../contract';

export class Past {
  /** What was read last: the course, and the id of the event after which it was so. */
  readonly read = signal<{ until: number; course: Course } | undefined>(undefined);
  private wanted: number | undefined;
  private isReading = false;

  constructor(
    private readonly course: (until: number) => Promise<Course>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Shows it after an event, or now. What is shown stays until the answer is there. */
  show(until: number | undefined): void {
    this.wanted = until;
    if (until === undefined) this.read.value = undefined;
    else this.again();
  }

  /** Reads what is wanted and not there yet. */
  again(): void {
    if (!this.isReading) void this.catchUp();
  }

  /** One reading at a time: of all that was wanted meanwhile, the last alone is read. */
  private async catchUp(): Promise<void> {
    this.isReading = true;
    try {
      while (this.wanted !== undefined && this.wanted !== this.read.peek()?.until) {
        const until = this.wanted;
        const course = await this.course(until);
        if (this.wanted !== undefined) this.read.value = { until, course };
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.isReading = false;
    }
  }
}

/** The id of an event as the address has it. */
export function untilIn(text: string | undefined): number | undefined {
  const until = Number(text);
  return Number.isSafeInteger(until) && until > 0 ? until : undefined;
}
