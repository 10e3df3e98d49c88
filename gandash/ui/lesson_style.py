"""How lessons look: their page, the panel beside the stage, and what they leave out of the live view."""

LESSON_STYLE = """<style>
/* a lesson stands where the sidebar would be: beside the stage, or over it where there is no room beside */
[data-testid="stMain"] [data-testid="stVerticalBlock"]:has(> * > .st-key-lesson) {
  display: grid; grid-template-columns: clamp(18rem, 24%, 25rem) minmax(0, 1fr); column-gap: 1.2rem; align-items: start; }
/* of no effect but in this grid: no other block of the page is one */
[data-testid="stVerticalBlock"] > * { grid-column: 2; grid-row: 1; }
[data-testid="stVerticalBlock"] > :has(> .st-key-lesson) { grid-column: 1; }
.st-key-lesson { max-height: calc(100dvh - 1rem); overflow: hidden auto; scrollbar-width: thin; gap: 0.55rem !important;
  padding: 0.1rem 0.6rem 0.6rem 0.1rem; }
.st-key-lesson [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
.st-key-lesson [data-testid="stMarkdownContainer"] > :last-child { margin-bottom: 0; }
.st-key-lesson p, .st-key-lesson label { font-size: 0.92rem; line-height: 1.45; }
.st-key-lesson h2 { font-size: 1.2rem; font-weight: 700; padding: 0; margin: 0; }
.st-key-lesson [data-testid="stCaptionContainer"] { margin-bottom: 0; }
.st-key-lesson [data-testid="stCaptionContainer"] p { font-size: 0.8rem; margin: 0; }
.st-key-lesson .katex { white-space: nowrap; font-size: 1.02em; font-family: KaTeX_Main, "Times New Roman", serif; }
.st-key-lesson .katex-display { font-size: 0.86em; }
.st-key-lesson .katex-display { margin: 0.2rem 0; padding: 0.35rem 0; overflow: auto hidden; scrollbar-width: thin; }
.st-key-lesson [data-testid="stButton"] button { min-height: 0; padding: 0.25rem 0.7rem; }
.st-key-lesson [data-testid="stAlert"] > div { padding: 0.5rem 0.7rem; }
.st-key-step-on { gap: 0.4rem; align-items: center; flex-wrap: wrap; }
.st-key-step-on > * { flex: none !important; width: auto !important; }
.st-key-step-on > :last-child { margin-left: auto; }
.gd-lesson-at { display: flex; gap: 4px; }
.gd-lesson-at i { flex: 1; height: 4px; border-radius: 2px; background: color-mix(in srgb, currentColor 20%, transparent); }
.gd-lesson-at i.done { background: color-mix(in srgb, currentColor 50%, transparent); }
.gd-lesson-at i.here { background: color-mix(in srgb, currentColor 85%, transparent); }
.gd-live[data-lesson] .gd-pace ~ .gd-pace { display: none; } /* no room for frames a second */
@media (max-width: 56rem) {
  [data-testid="stMain"] [data-testid="stVerticalBlock"]:has(> * > .st-key-lesson) { grid-template-columns: minmax(0, 1fr); }
  [data-testid="stVerticalBlock"] > :not(:has(> .st-key-lesson)) { grid-column: 1; grid-row: 2; }
  .st-key-lesson { max-height: 46dvh; }
}
/* the page of lessons */
.st-key-lessons { gap: 0.2rem !important; padding-bottom: 2rem; }
.st-key-lessons-head { gap: 1.2rem; min-height: 2.6rem; }
.st-key-lessons-head > :has([data-testid="elsewhere"]) { flex: 1 !important; }
.st-key-lessons-head h1 { font-size: 1.5rem; font-weight: 700; padding: 0; margin: 0; }
.st-key-lessons-head h1 span { font-size: 1rem; font-weight: 400; opacity: 0.65; margin-left: 0.3rem; }
[data-testid="stSidebar"][data-collapsed="true"] ~ * .st-key-lessons-head { padding-left: 34px; }
[class*="st-key-lessons-"]:not(.st-key-lessons-head) { gap: 0.8rem; padding: 0.3rem 0; flex-wrap: nowrap;
  border-top: 1px solid var(--st-border-color); }
[class*="st-key-lessons-"]:not(.st-key-lessons-head) > :first-child { flex: 1 1 0 !important; min-width: 0; }
[class*="st-key-lessons-"]:not(.st-key-lessons-head) > :last-child { flex: none !important; width: auto !important; }
.st-key-lessons [data-testid="stPageLink"] a { background: none; padding: 0.1rem 0; margin: 0; min-height: 0; }
.st-key-lessons [data-testid="stPageLink"] a p { font-size: 1rem; }
.st-key-lessons [data-testid="stMarkdownContainer"] { margin-bottom: 0; }
.st-key-lessons [data-testid="stCaptionContainer"] { margin-bottom: 0; }
.st-key-lessons [data-testid="stCaptionContainer"] p { margin: 0; }
/* controls that a lesson, or the address, hides */
.gd-live[data-hide~='play'] .gd-steering > .gd-primary,
.gd-live[data-hide~='steps'] [data-steps],
.gd-live[data-hide~='speed'] .gd-steering > select,
.gd-live[data-hide~='restart'] .gd-steering > .gd-icon,
.gd-live[data-hide~='examine'] [aria-controls='gd-examine'],
.gd-live[data-hide~='share'] .gd-share-button,
.gd-live[data-hide~='present'] .gd-present-button,
.gd-live[data-hide~='layers'] .gd-stage .gd-layers,
.gd-live[data-hide~='curves'] .gd-side,
.gd-live[data-hide~='rewind'] .gd-rewind,
.gd-live[data-hide~='take'] .gd-foot > .gd-button,
.gd-live[data-hide~='theory'] .gd-theory { display: none !important; }
.gd-live[data-hide~='curves'] .gd-main { grid-template-columns: minmax(0, 1fr); }
</style>"""
