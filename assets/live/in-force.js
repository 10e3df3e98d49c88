// @ts-check
/**
 * What a setting comes to at this step, said beside the setting. The page keeps an empty place there, and a style
 * sheet of ours fills it: so a place that Streamlit has just drawn anew is never empty, and never of an older step.
 */
import { element, write } from './dom.js';
import { headed, parted, said, t } from './words.js';

export class InForce {
  node = element('style');

  /** @param {readonly import('./types.d.ts').PictureLabel[]} members
   * @param {readonly string[]} names of compared games */
  show(members, names) {
    const paths = [...new Set(members.flatMap(({ in_force: words }) => Object.keys(words)))];
    write(this.node, paths.map(path => {
      const each = members.map(({ in_force: words }, i) => [names[i], said(words[path])]).filter(([, words]) => words);
      const text = members.length > 1 ? parted(each.map(([name, words]) => headed(name, words))) : each[0][1];
      const content = JSON.stringify(t('now {value}', { value: text }));
      return `.gd-in-force[data-setting="${CSS.escape(path)}"]::after { content: ${content}; }`;
    }).join('\n'));
  }
}
