// @ts-check
/**
 * What a setting comes to at this step, said beside the setting. The page keeps an empty place there, and a style
 * sheet of ours fills it: so a place that Streamlit has just drawn anew is never empty, and never of an older step.
 */
import { element, write } from './dom.js';
import { headed, parted, t } from './words.js';

export class InForce {
  node = element('style');

  /** @param {readonly import('./types.d.ts').PictureLabel[]} members
   * @param {readonly string[]} names of compared games */
  show(members, names) {
    const paths = [...new Set(members.flatMap(({ in_force: said }) => Object.keys(said)))];
    write(this.node, paths.map(path => {
      const each = members.map(({ in_force: said }, i) => [names[i], said[path]]).filter(([, said]) => said);
      const text = members.length > 1 ? parted(each.map(([name, said]) => headed(name, said))) : each[0][1];
      const words = JSON.stringify(t('now {value}', { value: text }));
      return `.gd-in-force[data-setting="${CSS.escape(path)}"]::after { content: ${words}; }`;
    }).join('\n'));
  }
}
