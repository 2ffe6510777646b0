/** The rules of x86-64, for the errors of refused ioctls. */

import { RuleBook } from '../../rules/find.js';
import { Facts } from './facts.js';
import { rules } from './list.js';

/** Finds the rule of x86-64 that is broken. */
export const rulesOfX86: RuleBook = new RuleBook(rules, Facts);
