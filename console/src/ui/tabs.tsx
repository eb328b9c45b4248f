// Tabs as the ARIA practices have them: arrow keys move, one tab is in the order of the page.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface Tab {
  id: string;
  title: string;
  count?: number | undefined;
}

interface Tabs {
  label: string;
  tabs: Tab[];
  at: string;
  onChange: (id: string) => void;
  class?: string;
  children: ComponentChildren;
}

export function Tabs({ label, tabs, at, onChange, class: name = '', children }: Tabs) {
  const id = useId();
  const present = Math.max(
    0,
    tabs.findIndex((tab) => tab.id === at),
  );
  const onKeyDown = (event: KeyboardEvent) => {
    const to: Record<string, number> = { ArrowRight: present + 1, ArrowLeft: present - 1, Home: 0, End: -1 };
    const next = to[event.key];
    const tab = next === undefined ? undefined : tabs.at(next % tabs.length);
    if (!tab) return;
    event.preventDefault();
    onChange(tab.id);
    document.getElementById(`${id}-tab-${tab.id}`)?.focus();
  };
  return (
    <div class={`tabs ${name}`}>
      <div role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            id={`${id}-tab-${tab.id}`}
            type="button"
            role="tab"
            aria-selected={index === present}
            aria-controls={`${id}-panel`}
            tabIndex={index === present ? 0 : -1}
            onClick={() => onChange(tab.id)}
          >
            {tab.title}
            {tab.count !== undefined && <span class="count">{tab.count.toLocaleString('en')}</span>}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${tabs[present]?.id}`} class="tab-panel">
        {children}
      </div>
    </div>
  );
}
