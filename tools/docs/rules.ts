/** Derives docs/errors.md from the rules of the runtime. */

import type { Rule } from '../../runtime/rules/rule.js';
import { sectionOf } from '../../runtime/rules/sections.js';
import { rules } from '../../runtime/x86_64/rules/list.js';

const intro = `# Rules of KVM

KVM refuses an ioctl with an errno, and many rules share one errno. After the kernel has refused, the runtime finds out which rule is
broken: from the argument, and from what the kernel and the native layer know of the VM and the vCPU. Nothing is checked before. The
message of the \`KvmError\` shows the wrong value, the rule and the remedy:

\`\`\`text
KVM_CREATE_IRQCHIP: EINVAL: the VM has a vCPU already; the interrupt controllers must be created before the first vCPU, …
\`\`\`

The property \`rule\` of the error is the text of the rule. The property \`see\` is the title of the section of the kernel's
\`Documentation/virt/kvm/api.rst\`.

Some causes cannot be told apart. The rules of such causes have a "?" in this table. If no other rule is broken, the message says "the
likely cause" or "one of", and the error has no property \`rule\`.

\`npm run docs\` derives this page from \`runtime/rules/\` and \`runtime/x86_64/rules/\`. The tests break each rule on a real kernel.
`;

/** The text of docs/errors.md. */
export function rulesDocument(): string {
  const rows = rules.map((rule) => {
    const cells = [
      ioctlOf(rule),
      `${rule.code}${rule.isCertain ? '' : ' ?'}`,
      rule.rule,
      rule.remedy,
      sectionText(rule),
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  const head = ['| ioctl | errno | rule | remedy | section |', '| --- | --- | --- | --- | --- |'];
  return [intro, `There are ${rules.length} rules.`, '', ...head, ...rows, ''].join('\n');
}

function ioctlOf({ ioctl, capability }: Rule): string {
  return capability === undefined ? `\`${ioctl}\`` : `\`${ioctl}\` of \`${capability}\``;
}

function sectionText(rule: Rule): string {
  const section = sectionOf(rule);
  return section === undefined || section === rule.ioctl ? '' : section;
}
