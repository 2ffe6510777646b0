/** `kvm-uapi omissions`: lists the declarations that the models do not express. */

import { omissionsOf, omissionsView } from '../report/omissions.js';
import { openHeaders } from './header-options.js';
import type { Project } from './project.js';

export function omissions({ headers, targets }: Project, json: boolean): string {
  const models = targets.flatMap((arch) => {
    const opened = openHeaders({ ...headers, arch });
    return opened.requested.map(({ name }) => opened.model(name));
  });
  const listed = omissionsOf(models);
  return json ? JSON.stringify(listed, null, 2) : omissionsView(listed);
}
