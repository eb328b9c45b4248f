// One execution, followed while it runs: its description, its course and its events.

import { computed, effect, signal } from '@preact/signals';
import { address, course, describeExecution, describeStateMachineForExecution, graphOfExecution } from '../api';
import { changes } from '../changes';
import type { Course, ExecutionDescription, Graph, HistoryEvent, Json } from '../contract';
import { parsed } from '../format';
import { textOf } from '../resource';
import { returns, ServerError } from '../server';
import { Places } from '../events/places';
import { follow } from '../stream';
import { Past } from './past';
import { hasWait, withWaits } from './waits';

/** The least time between two readings of the course, and how many times as long as a reading takes. */
const LEAST_PAUSE = 250;
const PAUSE_FACTOR = 4;

export class LiveExecution {
  readonly description = signal<ExecutionDescription | undefined>(undefined);
  readonly graph = signal<Graph | undefined>(undefined);
  /** The course so far. */
  readonly newest = signal<Course | undefined>(undefined);
  /** What is looked at: the course so far, or as it was. */
  readonly course = computed(
    () => this.past.read.value?.course ?? (this.isAwaited.value ? undefined : this.newest.value),
  );
  /** Whether the first that is shown will be the past. */
  private readonly isAwaited = signal(false);
  /** The id of the event after which the execution is looked at; none is now. */
  readonly until = computed(() => this.past.read.value?.until);
  /** When that was, in milliseconds. */
  readonly moment = computed(() => {
    const event = this.count.value > 0 ? this.event(this.until.value) : undefined;
    return event && event.timestamp * 1000;
  });
  /** Whether all that has come of it is seen. */
  readonly isWhole = computed(() =>
    this.until.value === undefined ? !this.isAwaited.value : this.until.value >= this.count.value,
  );
  readonly error = signal<string | undefined>(undefined);
  readonly graphError = signal<string | undefined>(undefined);
  /** How many events there are: the list itself only grows. */
  readonly count = signal(0);
  readonly events: HistoryEvent[] = [];
  readonly places = new Places();
  private readonly past: Past;

  private readonly stop = new AbortController();
  private pause: ReturnType<typeof setTimeout> | undefined;
  private reading = false;
  private stale = false;
  private lastCost = 0;
  private listening = false;
  private definition: Json | undefined;
  /** The number of the pause that the execution is at; 0 is none. */
  private pauseNumber = 0;
  /** The names of the states that it pauses before, as far as this page knows. */
  readonly breakpoints = signal<string[]>([]);
  private readonly leave: (() => void)[] = [];

  constructor(readonly arn: string) {
    this.past = new Past(
      async (until) => this.prepared(await course(arn, this.stop.signal, until)),
      (error) => {
        if (this.isExpected(error)) return;
        this.isAwaited.value = false;
        this.error.value = textOf(error);
      },
    );
    void this.readGraph();
    this.refresh();
    this.listen();
    // Others may stop or redrive it, and a server that comes back knows more.
    this.leave.push(
      effect(() => {
        void [changes.value, returns.value];
        void this.describe();
      }),
    );
    this.leave.push(
      effect(() => {
        if (returns.value === 0) return;
        this.refresh();
        this.past.again();
      }),
    );
  }

  close(): void {
    this.stop.abort();
    clearTimeout(this.pause);
    for (const leave of this.leave) leave();
  }

  /** Reads everything again, after an error. */
  retry(): void {
    void this.describe();
    void this.readGraph();
    this.refresh();
    this.listen();
    this.past.again();
  }

  /** Shows it as it was after an event, or as it is now. */
  show(until: number | undefined): void {
    this.isAwaited.value = until !== undefined && this.newest.peek() === undefined;
    this.past.show(until);
  }

  private async describe(): Promise<void> {
    try {
      const description = await describeExecution(this.arn, this.stop.signal);
      this.description.value = description;
      this.error.value = undefined;
      if (description.status === 'RUNNING') this.listen();
    } catch (error) {
      if (!this.isExpected(error)) this.error.value = textOf(error);
    }
  }

  private async readGraph(): Promise<void> {
    try {
      this.graph.value = await graphOfExecution(this.arn, this.stop.signal);
      this.graphError.value = undefined;
    } catch (error) {
      if (!this.isExpected(error)) this.graphError.value = textOf(error);
    }
  }

  private async readDefinition(): Promise<Json> {
    const { definition } = await describeStateMachineForExecution(this.arn, this.stop.signal);
    return parsed(definition) as Json;
  }

  private async prepared(read: Course): Promise<Course> {
    if (hasWait(read)) this.definition ??= await this.readDefinition();
    return withWaits(read, this.definition);
  }

  /** An event by its id: they count from 1. */
  event(id: number | undefined): HistoryEvent | undefined {
    return id === undefined ? undefined : this.events[id - 1];
  }

  /** Leaving, and a server that is gone, are told elsewhere. */
  private isExpected(error: unknown): boolean {
    return this.stop.signal.aborted || (error instanceof ServerError && error.type === 'Gone');
  }

  /** Reads the course where it does not know of all events. */
  private catchUp(): void {
    const known = this.newest.peek();
    const isOld = (known?.events ?? 0) < (this.events.at(-1)?.id ?? 0);
    if (isOld || (known?.pause?.number ?? 0) !== this.pauseNumber) this.refresh();
  }

  /** Reads the course: at once, and not again before a pause that grows with what it costs. */
  refresh(): void {
    if (this.reading || this.pause !== undefined) {
      this.stale = true;
      return;
    }
    this.stale = false;
    this.reading = true;
    const began = performance.now();
    course(this.arn, this.stop.signal)
      .then(async (read) => {
        this.newest.value = await this.prepared(read);
        this.breakpoints.value = read.breakpoints ?? this.breakpoints.value;
        if (!this.graph.peek()) void this.readGraph();
      })
      .catch((error: unknown) => {
        if (!this.isExpected(error)) this.error.value = textOf(error);
      })
      .finally(() => {
        this.reading = false;
        this.lastCost = performance.now() - began;
        if (this.stop.signal.aborted) return;
        this.pause = setTimeout(
          () => {
            this.pause = undefined;
            if (this.stale) this.catchUp();
          },
          Math.max(LEAST_PAUSE, this.lastCost * PAUSE_FACTOR),
        );
      });
  }

  private listen(): void {
    if (this.listening) return;
    this.listening = true;
    const last = () => this.events.at(-1)?.id ?? 0;
    follow(
      () => address('events', { executionArn: this.arn, after: last() }),
      this.stop.signal,
      ({ event, data }) => {
        if (event === 'ended') {
          void this.describe();
          return 'ended';
        }
        if (event === 'failed') throw new Error((JSON.parse(data) as { message: string }).message);
        if (event === 'pause') {
          this.pauseNumber = JSON.parse(data) as number;
          this.catchUp();
        }
        if (event === 'events') this.take(JSON.parse(data) as HistoryEvent[]);
        return 'more';
      },
    )
      .catch((error: unknown) => {
        if (!this.isExpected(error)) this.error.value = textOf(error);
      })
      .finally(() => (this.listening = false));
  }

  private take(events: HistoryEvent[]): void {
    const last = this.events.at(-1)?.id ?? 0;
    for (const event of events) if (event.id > last) this.events.push(event);
    this.count.value = this.events.length;
    this.catchUp();
  }
}
