// @ts-check
/**
 * One colour per thing everywhere, for a light and a dark page; told apart without colour by dash and label.
 * Hues from Okabe and Ito (2008), lightened where the page is dark. `dashes` are those of the legend's samples.
 * JSON behind the equals sign: Python's figures read this file, too (gandash/figures/inks.py).
 */
export const INKS = {
  "light": { "real": "#0072B2", "generated": "#D55E00", "discriminator": "#007A5A", "value": "#984A84",
    "alarm": "#b3261e", "words": "#B85108" },
  "dark": { "real": "#56B4E9", "generated": "#F0803C", "discriminator": "#2FD19B", "value": "#E08BC0",
    "alarm": "#ff8a80", "words": "#F0803C" },
  "dashes": { "solid": "solid", "dash": "7px,4px", "dot": "2px,3px", "dashdot": "8px,3px,2px,3px", "fine": "3px,3px",
    "long": "14px,4px", "longdot": "12px,3px,2px,3px", "longdots": "10px,3px,2px,3px,2px,3px" },
  "curveDashes": { "dash": "6px,3px", "dot": "2px,3px", "dashdot": "8px,3px,2px,3px", "fine": "3px,3px" },
  "stageDashes": { "solid": "solid", "dash": "9px,5px", "dot": "2px,4px" }
};
