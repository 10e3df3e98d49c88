// @ts-check
/**
 * One colour per thing everywhere, for a light and a dark page; told apart without colour by dash and label.
 * Hues from Okabe and Ito (2008), lightened where the page is dark. `dashes` are those of the legend's samples.
 * `members` are the inks of a comparison, which keep away from those of real, generated and D: found by a search for
 * eight colours that are far apart in Oklab (Ottosson 2020), also as seen without one kind of cones (Machado et al.
 * 2009), with a contrast of 3 or more to the page. Dashes say the same. `opacities` are those of thin lines and small
 * marks that lie over each other: one of them alone still has a contrast of 3.
 * JSON behind the equals sign: Python's figures read this file, too (gandash/figures/inks.py).
 */
export const INKS = {
  "light": { "real": "#0072B2", "generated": "#D55E00", "discriminator": "#007A5A", "value": "#984A84",
    "alarm": "#b3261e", "words": "#B85108" },
  "dark": { "real": "#56B4E9", "generated": "#F0803C", "discriminator": "#2FD19B", "value": "#E08BC0",
    "alarm": "#ff8a80", "words": "#F0803C" },
  "members": {
    "light": ["#7332e7", "#ed5ba1", "#8e9000", "#150ea4", "#8083fa", "#503f0c", "#994671", "#610059"],
    "dark": ["#ed54ed", "#d8e550", "#dbf4f7", "#a32ecb", "#e8a3ca", "#96580a", "#999e0c", "#4b808d"] },
  "opacities": {
    "light": { "thread": 0.84, "mesh": 0.84, "rug": 0.84, "sample": 0.85, "slope": 0.76, "mark": 0.76 },
    "dark": { "thread": 0.6, "mesh": 0.6, "rug": 0.65, "sample": 0.85, "slope": 0.6, "mark": 0.6 } },
  "dashes": { "solid": "solid", "dash": "7px,4px", "dot": "2px,3px", "dashdot": "8px,3px,2px,3px", "fine": "3px,3px",
    "long": "14px,4px", "longdot": "12px,3px,2px,3px", "longdots": "10px,3px,2px,3px,2px,3px" },
  "curveDashes": { "dash": "6px,3px", "dot": "2px,3px", "dashdot": "8px,3px,2px,3px", "fine": "3px,3px" },
  "stageDashes": { "solid": "solid", "dash": "9px,5px", "dot": "2px,4px" }
};
