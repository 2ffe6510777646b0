/** Formats changes as Markdown for a pull request. */

import { type ChangeOnTargets, semverStep } from '../diff/changes.js';
import { describeChange } from './change-facts.js';
import { type ChangesOptions, summaryLine, visible } from './changes.js';

export interface MarkdownOptions extends ChangesOptions {
  /** What is compared: `linux/kvm.h: Linux 6.1.0 → 6.12.1`. */
  readonly title: string;
}

export function changesMarkdown(changes: readonly ChangeOnTargets[], options: MarkdownOptions): string {
  const shown = visible(changes, options);
  const [breaking, others] = [shown.filter((each) => each.breaking), shown.filter((each) => !each.breaking)];
  const parts = [
    `### ${escaped(options.title)}`,
    `**Version step: ${semverStep(changes)}.** ${sentence(summaryLine(changes))}`,
    ...(breaking.length > 0 ? ['#### Breaking changes', table(breaking, options)] : []),
    ...(others.length > 0 && !options.breaking
      ? [`<details><summary>Other changes (${others.length})</summary>`, table(others, options), '</details>']
      : []),
  ];
  return parts.join('\n\n');
}

function sentence(summary: string): string {
  const [counts = ''] = summary.split(';');
  return `${counts.charAt(0).toUpperCase()}${counts.slice(1)}.`;
}

function table(changes: readonly ChangeOnTargets[], { targets, headers }: MarkdownOptions): string {
  const several = headers.length > 1;
  const rows = changes.map((change) => {
    const only = change.targets.length < targets.length ? [`on ${change.targets.join(', ')}`] : [];
    const cause = change.causedBy === undefined ? [] : [`because of ${change.causedBy}`];
    const detail = [...describeChange(change), ...cause, ...only].join('; ');
    const header = several ? `${code(change.headers[0] ?? '')} | ` : '';
    return `| ${header}${change.class} | ${code(change.name)} | ${escaped(detail)} |`;
  });
  const heads = [...(several ? ['header'] : []), 'class', 'name', 'change'];
  return [`| ${heads.join(' | ')} |`, `| ${heads.map(() => '---').join(' | ')} |`, ...rows].join('\n');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]|#]/g, (character) => (character === '<' ? '&lt;' : `\\${character}`));
}
