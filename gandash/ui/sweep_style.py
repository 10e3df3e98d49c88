"""The style of the page of sweeps. Colours come from the theme; those of cells from the map itself."""

SWEEP_STYLE = """<style>
.st-key-sweep { gap: 0.5rem !important; padding-bottom: 1rem; }
.st-key-sweep-head { gap: 1.2rem; min-height: 2.6rem; }
.st-key-sweep-head > :has([data-testid="elsewhere"]) { flex: 1 !important; }
.st-key-sweep-head h1 { font-size: 1.5rem; font-weight: 700; padding: 0; margin: 0; }
[data-testid="stSidebar"][data-collapsed="true"] ~ * .st-key-sweep-head { padding-left: 34px; }
.st-key-sweep-welcome { margin: 0.6rem 0 0.8rem; max-width: 60rem; gap: 0.2rem !important; }
.st-key-sweep-welcome h2 { font-size: 1.35rem; padding: 0; }
.st-key-sweep-welcome [data-testid="stMarkdownContainer"] { margin: 0 !important; }
.st-key-sweep-welcome p { margin: 0; }
[class*="st-key-sweep-axis-"] { gap: 0.2rem !important; }
[class*="st-key-sweep-axis-"] [data-testid="stTextInputRootElement"] { width: 100% !important; flex: 1 !important; }
[class*="st-key-sweep-show-"] button { justify-content: flex-start; text-align: left; }
.gd-sweep { display: flex; flex-direction: column; gap: 0.4rem; }
.gd-sweep h2 { font-size: 1.05rem; font-weight: 600; margin: 0; padding: 0; }
.gd-sweep p { margin: 0; font-size: 0.88rem; }
.gd-sweep-finding { opacity: 0.85; max-width: 60rem; }
.gd-sweep-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.3rem 0.9rem; font-size: 0.86rem; }
.gd-sweep-bar p { font-variant-numeric: tabular-nums; }
.gd-sweep-bar > b { flex: 1 1 6rem; max-width: 16rem; height: 5px; border-radius: 3px; overflow: hidden;
  background: color-mix(in srgb, currentColor 14%, transparent); }
.gd-sweep-bar > b > i { display: block; height: 100%; background: var(--st-primary-color); }
.gd-sweep :is(button, select), .gd-sweep-files a { font: inherit; color: inherit !important; background: none;
  border: 1px solid color-mix(in srgb, currentColor 28%, transparent); border-radius: 6px; padding: 0.12rem 0.55rem;
  text-decoration: none !important; cursor: pointer; min-height: 1.75rem; line-height: 1.4; }
.gd-sweep select option { color: #111; background: #fff; }
.gd-sweep :is(button, select, a):hover { border-color: var(--st-primary-color); }
.gd-sweep :is(button, select, a):focus-visible, .gd-sweep-holder:focus-visible {
  outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.gd-sweep button:disabled { opacity: 0.5; cursor: default; }
.gd-sweep [hidden] { display: none !important; }
.gd-sweep-files { display: inline-flex; flex-wrap: wrap; align-items: center; gap: 0.3rem; }
.gd-sweep-bar > label { display: inline-flex; align-items: center; gap: 0.4rem; margin-left: auto; }
.gd-sweep-holder { position: relative; min-height: 280px; border-radius: 6px; }
.gd-sweep-holder canvas { position: absolute; inset: 0; width: 100%; height: 100%; }
.gd-sweep-tip { position: absolute; top: 0; left: 0; max-width: 19rem; padding: 0.35rem 0.6rem; border-radius: 6px;
  pointer-events: none; font-size: 0.8rem; line-height: 1.4; background: var(--st-background-color);
  border: 1px solid color-mix(in srgb, currentColor 25%, transparent); box-shadow: 0 2px 10px rgba(0,0,0,.18); z-index: 2; }
.gd-sweep-legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; font-size: 0.82rem; font-variant-numeric: tabular-nums; }
.gd-sweep-legend > span { display: inline-flex; align-items: center; gap: 0.3rem; }
.gd-sweep-swatch { display: inline-grid; place-items: center; width: 1.25em; height: 1.25em; border-radius: 3px;
  font-style: normal; font-weight: 600; font-size: 0.78rem; line-height: 1; }
.gd-sweep-ramp { width: 9rem; height: 0.8em; border-radius: 3px; }
.gd-sweep-line { width: 1.6em; height: 3px; }
.gd-sweep-quiet { opacity: 0.8; }
.gd-sweep-read { min-height: 1.9rem; font-variant-numeric: tabular-nums; }
</style>"""
