// What the embedded services keep: objects, items, messages, notifications and events.

import { useMemo } from 'preact/hooks';
import { objectContent, stored, storedObjects, storedValues } from '../api';
import { changes } from '../changes';
import type { Json, Stored, StoredContent, StoredObject } from '../contract';
import { fullTime, number, parsed, plural, size, time } from '../format';
import { useResource } from '../resource';
import { change, go, href, route } from '../route';
import { JsonView } from '../ui/json-view';
import { Empty, Loaded } from '../ui/notice';
import { Prose } from '../ui/prose';
import { Rows } from '../ui/rows';

const SERVICES: [string, string][] = [
  ['s3', 'Buckets'],
  ['dynamodb', 'Tables'],
  ['sqs', 'Queues'],
  ['sns', 'Topics'],
  ['events', 'Event buses'],
];

const nameIn = (url: string) => url.replace(/^[a-z0-9]+:\/\//, '');

export function DataView({ url }: { url: string }) {
  const all = useResource('stored', stored, changes.value);
  return (
    <div class="find">
      <Loaded of={all} what="data">
        {({ stored: found }) => (
          <>
            <Places all={found} url={url} />
            <section class="found" aria-label="Data">
              <Chosen all={found} url={url} />
            </section>
          </>
        )}
      </Loaded>
    </div>
  );
}

function Places({ all, url }: { all: Stored[]; url: string }) {
  return (
    <nav class="machines" aria-label="Services">
      {SERVICES.map(([scheme, title]) => {
        const found = all.filter((one) => one.url.startsWith(`${scheme}://`));
        return (
          found.length > 0 && (
            <div key={scheme}>
              <h2>{title}</h2>
              <ul>
                {found.map((one) => (
                  <li key={one.url}>
                    <a href={href('data', one.url)} aria-current={one.url === url ? 'true' : undefined} title={one.url}>
                      <span class="cut">{nameIn(one.url)}</span>
                      <span class="muted">{number(one.count)}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
    </nav>
  );
}

function Chosen({ all, url }: { all: Stored[]; url: string }) {
  const chosen = all.find((one) => one.url === url);
  if (chosen) {
    const { object } = route.value.parameters;
    return (
      <>
        <div class="found-head">
          <h1 class="cut" title={url}>
            {nameIn(url)}
          </h1>
          <span class="muted">{chosen.has}</span>
        </div>
        {!url.startsWith('s3://') ? (
          <Values key={url} url={url} />
        ) : object === undefined ? (
          <Objects key={url} url={url} />
        ) : (
          <Content key={object} url={url} name={object} />
        )}
      </>
    );
  }
  return (
    <Empty>
      <h1>Data</h1>
      <p>
        {url !== ''
          ? `There is no ${url}, or nothing in it.`
          : all.length > 0
            ? 'Choose what to look at. Nobody receives a message by this, and nothing is changed.'
            : 'Nothing is stored yet. Objects, items, messages, notifications and events of the services that asl has inside stand here.'}
      </p>
    </Empty>
  );
}

/** Items, messages, notifications or events: the newest first, but items, which have no order. */
function Values({ url }: { url: string }) {
  const found = useResource(`values ${url}`, (stop) => storedValues(url, stop), changes.value);
  const { text = '' } = route.value.parameters;
  return (
    <Loaded of={found} what="data">
      {({ values, count }) => {
        const ordered = url.startsWith('dynamodb://') ? values : [...values].reverse();
        const wanted = text.toLowerCase();
        const shown = ordered.filter((one) => JSON.stringify(one).toLowerCase().includes(wanted));
        return (
          <>
            <Search label="Text" name="text" text={text} />
            <p class="note" role="status">
              {counted(shown.length, values.length, count)}
            </p>
            {shown.length > 0 && <JsonView label={nameIn(url)} value={shown.map(readable)} />}
          </>
        );
      }}
    </Loaded>
  );
}

/** A message whose body is JSON is shown as that. */
function readable(value: Json): Json {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  const { Body: body } = value;
  const read = typeof body === 'string' && /^\s*[[{]/.test(body) ? (parsed(body) as Json) : body;
  return read === undefined ? value : { ...value, Body: read };
}

function counted(shown: number, loaded: number, count: number): string {
  const of = loaded < count ? `, of ${number(count)} the ${number(loaded)} that are shown here` : '';
  return shown < loaded ? `${number(shown)} of ${number(loaded)}${of}` : `${number(loaded)}${of}`;
}

function Search({ label, name, text }: { label: string; name: string; text: string }) {
  return (
    <div class="filters">
      <label class="grow">
        {label}{' '}
        <input
          type="search"
          value={text}
          onInput={(event) => change({ [name]: event.currentTarget.value }, 'refinement')}
        />
      </label>
    </div>
  );
}

function Objects({ url }: { url: string }) {
  const { prefix = '' } = route.value.parameters;
  const found = useResource(
    `objects ${url} ${prefix}`,
    (stop) => storedObjects(`${url}/${prefix}`, stop),
    changes.value,
  );
  return (
    <>
      <Search label="Keys that begin with" name="prefix" text={prefix} />
      <Loaded of={found} what="objects">
        {({ objects, count }) =>
          objects.length === 0 ? (
            <Empty>
              <p>{prefix === '' ? 'The bucket is empty.' : `No key begins with “${prefix}”.`}</p>
            </Empty>
          ) : (
            <>
              <Rows
                label="Objects"
                class="objects"
                count={objects.length}
                rowHeight={36}
                onChoose={(index) => objects[index] && go('data', url, { prefix, object: objects[index].key })}
                header={
                  <>
                    <span role="columnheader">Key</span>
                    <span role="columnheader" class="right">
                      Size
                    </span>
                    <span role="columnheader">Stored</span>
                  </>
                }
                row={(index) => <ObjectRow url={url} prefix={prefix} of={objects[index]} />}
              />
              <p class="note foot" role="status">
                {objects.length < count
                  ? `the first ${number(objects.length)} of ${plural(count, 'object')}`
                  : plural(count, 'object')}
              </p>
            </>
          )
        }
      </Loaded>
    </>
  );
}

function ObjectRow({ url, prefix, of }: { url: string; prefix: string; of: StoredObject | undefined }) {
  if (!of) return null;
  return (
    <>
      <span role="gridcell" class="cut">
        <a href={href('data', url, { prefix, object: of.key })} title={of.key} tabIndex={-1}>
          {of.key}
        </a>
      </span>
      <span role="gridcell" class="right">
        {size(of.size)}
      </span>
      <span role="gridcell" class="muted" title={of.modified === undefined ? undefined : fullTime(of.modified)}>
        {of.modified === undefined ? '' : time(of.modified)}
      </span>
    </>
  );
}

/** Images that a page shows without doing anything else. */
const IMAGES: [string, RegExp][] = [
  ['image/png', /^iVBORw0KGgo/],
  ['image/jpeg', /^\/9j\//],
  ['image/gif', /^R0lGOD/],
  ['image/webp', /^UklGR.{6}XRUJQ/],
];

function Content({ url, name }: { url: string; name: string }) {
  const found = useResource(`object ${url}/${name}`, (stop) => objectContent(`${url}/${name}`, stop), changes.value);
  const { prefix = '' } = route.value.parameters;
  return (
    <>
      <p>
        <a href={href('data', url, { prefix })}>All objects</a> / <span class="long-name">{name}</span>
      </p>
      <Loaded of={found} what="the object">
        {(content) => (
          <>
            <p class="note">
              {size(content.size)}
              {content.contentType && ` · ${content.contentType}`}
              {content.isPart && ' · its beginning is shown'}
            </p>
            <Shown of={content} name={name} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Shown({ of, name }: { of: StoredContent; name: string }) {
  const value = useMemo(() => (of.text !== undefined && !of.isPart ? json(of.text) : undefined), [of]);
  if (value !== undefined) return <JsonView label={name} value={value} />;
  if (of.text !== undefined) return of.text === '' ? <p>It is empty.</p> : <Prose text={of.text} label={name} />;
  const image = !of.isPart && IMAGES.find(([, begins]) => begins.test(of.base64 ?? ''));
  if (image) return <img class="stored-image" alt={name} src={`data:${image[0]};base64,${of.base64}`} />;
  return <p>It is neither text nor an image that is shown here.</p>;
}

/** The value of a text that is a list or an object. */
function json(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
