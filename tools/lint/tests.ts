/** `npm run lint:tests`: every test file belongs to exactly one project of vitest.config.ts. Vitest itself is asked. */

import { spawnSync } from 'node:child_process';
import { relative } from 'node:path';
import { projectFiles } from './project-files.js';

const fewestFiles = 90;

/** The names of the projects of each test file. */
function projectsByFile(): ReadonlyMap<string, readonly string[]> {
  const list = ['node_modules/vitest/vitest.mjs', 'list', '--filesOnly', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, list, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`vitest list ended with ${status}: ${stderr}`);
  const projects = new Map<string, string[]>();
  for (const { file, projectName } of JSON.parse(stdout) as { file: string; projectName: string }[]) {
    const path = relative(process.cwd(), file);
    projects.set(path, [...(projects.get(path) ?? []), projectName]);
  }
  return projects;
}

function main(): number {
  const projects = projectsByFile();
  const files = projectFiles(['*.test.ts'], () => true, fewestFiles);
  const problems = files.flatMap((file) => {
    const names = projects.get(file) ?? [];
    if (names.length === 1) return [];
    const found = names.length === 0 ? 'in no project' : `in the projects ${names.join(' and ')}`;
    return [`${file}: ${found}; a test file belongs to exactly one project of vitest.config.ts`];
  });
  for (const problem of problems) console.error(problem);
  console.log(`tests: ${files.length} files, ${problems.length} not in exactly one project`);
  return problems.length > 0 ? 1 : 0;
}

process.exitCode = main();
