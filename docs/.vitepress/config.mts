import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitepress';

// This file is copied to docs/.site/.vitepress, and the site is built there.
const stage = join(import.meta.dirname, '..');

const kinds: Readonly<Record<string, string>> = {
  classes: 'Classes',
  functions: 'Functions',
  interfaces: 'Interfaces',
  'type-aliases': 'Types',
  variables: 'Variables',
};

/** The modules of the reference, with a group for each kind of name. */
function reference() {
  const modules = {
    'kvm-uapi': 'kvm-uapi',
    'kvm-uapi/x86_64': 'kvm-uapi/x86_64',
    'kvm-uapi/arm64': 'kvm-uapi/arm64',
    'kvm-uapi/riscv64': 'kvm-uapi/riscv64',
    support: 'kvm-uapi/support',
    'kvm-uapi/generator': 'kvm-uapi/generator',
    'kvm-uapi/generator/core': 'kvm-uapi/generator/core',
  };
  return Object.entries(modules).map(([folder, text]) => ({
    text,
    link: `/api/${folder}/`,
    collapsed: true,
    items: Object.entries(kinds)
      .filter(([kind]) => existsSync(join(stage, 'api', folder, kind)))
      .map(([kind, title]) => ({
        // A group that collapses would be a button with a button in it.
        text: title,
        items: readdirSync(join(stage, 'api', folder, kind))
          .toSorted()
          .map((name) => name.replace('.md', ''))
          .map((name) => ({ text: name, link: `/api/${folder}/${kind}/${name}` })),
      })),
  }));
}

const page = (text: string, name: string) => ({ text, link: `/${name}` });

const guide = [
  {
    text: 'Start',
    items: [
      page('First VMM in seven steps', 'tutorial'),
      page('Bindings for your driver', 'drivers'),
      page('Platforms', 'platforms'),
      page('Questions and problems', 'faq'),
      page('All pages', 'pages'),
    ],
  },
  {
    text: 'Runtime',
    items: [
      page('Overview', 'runtime'),
      page('vCPUs', 'vcpus'),
      page('Threads', 'threads'),
      page('Guest memory', 'memory'),
      page('Registers and state', 'registers'),
      page('Modes and boot protocols', 'boot'),
      page('Interrupts and eventfds', 'interrupts'),
      page('Devices and attributes', 'devices'),
      page('Capabilities and any ioctl', 'capabilities'),
      page('arm64', 'arm64'),
      page('Memory encryption', 'memory-encryption'),
      page('Xen and Hyper-V', 'xen-hyperv'),
      page('Lifetime and file descriptors', 'lifetime'),
      page('Errors', 'handling-errors'),
      page('Rules of KVM', 'errors'),
      page('Bundlers, tests and Deno', 'bundlers-and-tests'),
      page('Methods of ioctls', 'ioctls'),
    ],
  },
  {
    text: 'Bindings and generator',
    items: [
      page('Shape of the bindings', 'bindings'),
      page('Generator', 'generator'),
      page('When headers change', 'when-headers-change'),
      page('Compatibility', 'compatibility'),
      page('Header sets', 'header-sets'),
      page('C and layout', 'c-layout'),
      page('Performance', 'performance'),
    ],
  },
  {
    text: 'Guarantees',
    items: [page('Race-free exit', 'race-free-exit'), page('Security', 'security'), page('Oracle', 'oracle')],
  },
  {
    text: 'Project',
    items: [
      page('Architecture', 'architecture'),
      page('Glossary', 'glossary'),
      page('Architectures of the runtime', 'internals/architectures'),
      page('KVMs of other processors', 'internals/hypervisors'),
      page('Dependencies', 'internals/dependencies'),
    ],
  },
];

export default defineConfig({
  title: 'kvm-uapi',
  description: 'Virtual machines from TypeScript with KVM, and bindings for any Linux uapi header',
  lang: 'en',
  outDir: './dist',
  // The theme gives the home page no landmark for its content.
  transformHtml: (html) => html.replace('<div class="VPContent is-home"', '<div role="main" class="VPContent is-home"'),
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: 'data:,' }]],
  markdown: { theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Guide', link: '/runtime' },
      { text: 'Reference', link: '/api/' },
    ],
    sidebar: { '/': guide, '/api/': [{ text: 'Reference', link: '/api/', items: reference() }] },
  },
});
