"""The page's own style, over Streamlit's theme: one calm page, no boxes in boxes. Colours come from the theme."""

import json

import streamlit as st

from gandash.words import speaking, t
from gandash.words.languages import ENGLISH

NAMED = {"primary-color": "primaryColor", "background-color": "backgroundColor", "border-color": "borderColor"}


def inks() -> str:
    """The theme's colours under the names that components have them by: Streamlit gives them to components alone."""
    scheme = st.context.theme.type or "light"
    told = "".join(f"--st-{name}: {st.get_option(f'theme.{scheme}.{option}')};" for name, option in NAMED.items())
    return f"<style>:root {{ {told} }}</style>"


def streamlits_words() -> str:
    """Streamlit's own words, which are English, covered by ours where another language is spoken."""
    if speaking() == ENGLISH:
        return ""
    dropzone, entry = '[data-testid="stFileUploaderDropzone"]', '[data-testid="InputInstructions"]'
    return f"""<style>
{dropzone} button p, {entry} {{ font-size: 0 !important; }}
{dropzone} button p::after {{ content: {json.dumps(t("Choose files"), ensure_ascii=False)}; font-size: 0.86rem; }}
{dropzone}:has(input[webkitdirectory]) button p::after {{ content: {json.dumps(t("Choose a folder"), ensure_ascii=False)}; }}
{dropzone} [data-testid="stFileUploaderDropzoneInstructions"] {{ display: none; }}
{entry}::after {{ content: {json.dumps(t("Enter confirms"), ensure_ascii=False)}; font-size: 0.75rem; }}
</style>"""


STYLE = """<style>
[data-testid="stHeader"] { background: transparent; pointer-events: none; height: 2.2rem; }
[data-testid="stHeader"] * { pointer-events: none; }
[data-testid="stHeader"] :is(button, a), [data-testid="stHeader"] :is(button, a) * { pointer-events: auto; }
[data-testid="stMainBlockContainer"] { padding: 0.6rem 1rem 0 1rem !important; max-width: none; }
[data-testid="stMain"] { overflow-x: hidden; }
[data-testid="stMain"] [data-testid="stVerticalBlock"] { gap: 0; }
/* the button that opens a closed sidebar stands where the first row begins */
[data-testid="stSidebar"][data-collapsed="true"] ~ * .gd-bar::before { content: ""; flex: 0 0 28px; }

[data-testid="stSidebarHeader"] {
  height: 0; min-height: 0; padding: 0; margin: 0; position: absolute; right: 4px; top: 10px; z-index: 2; }
[data-testid="stSidebarContent"] { padding: 0 !important; }
[data-testid="stSidebarUserContent"] { padding: 0.7rem 1rem 0.6rem 1rem !important; }
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] { gap: 0.35rem; }
[data-testid="stSidebar"] p { font-size: 0.86rem; }
[data-testid="stSidebar"] label { min-height: 0; margin-bottom: 0.1rem; }
div[data-testid="stCaptionContainer"] { opacity: 0.78; }
[data-testid="stSidebar"] [data-testid="stCaptionContainer"] { margin-bottom: 0.2rem; opacity: 0.85; }
[data-testid="stSidebar"] [data-testid="stCaptionContainer"] p { font-size: 0.8rem; line-height: 1.35; margin: 0; }
[data-testid="stSidebar"] input { padding: 0.15rem 0.5rem; font-size: 0.86rem; font-variant-numeric: tabular-nums; }
[data-testid="stSidebar"] [data-testid="stSelectbox"] input { text-overflow: ellipsis; }
[data-testid="stSidebar"] [data-testid="stButton"] button { min-height: 0; padding: 0.25rem 0.5rem; }
/* a name and its value in one line; what explains a setting stands behind its name */
[data-testid="stSidebar"] :is([data-testid="stTextInput"], [data-testid="stNumberInput"]) {
  display: flex; flex-direction: row; align-items: center; gap: 0.5rem; }
[data-testid="stSidebar"] :is([data-testid="stTextInput"], [data-testid="stNumberInput"]) > label {
  flex: 1; justify-content: flex-start; margin: 0; }
[data-testid="stSidebar"] :is([data-testid="stTextInputRootElement"], [data-testid="stNumberInputContainer"]) {
  flex: 0 0 6rem !important; width: 6rem !important; min-height: 0; height: 1.95rem; }
/* lists of numbers, and whatever else does not fit beside its name, stand beneath it */
[data-testid="stSidebar"] [data-testid="stTextInput"] { flex-wrap: wrap; row-gap: 0.1rem; }
[data-testid="stSidebar"] [data-testid="stTextInput"] > label { flex: 1 1 40%; width: auto; }
[data-testid="stSidebar"] [data-testid="stTextInputRootElement"] {
  flex: 0 1 auto !important; width: auto !important; min-width: 6rem; max-width: 100%; }
[data-testid="stSidebar"] [data-testid="stTextInputRootElement"] input {
  field-sizing: content; min-width: 100%; max-width: 100%; }
[data-testid="stSidebar"] [data-testid="stTextInput"]:has(input[aria-label^="Values"]) > div { flex: 1 0 100%; }
[data-testid="stSidebar"] input[aria-label^="Values"] { font-size: 0.78rem; padding-inline: 0.3rem; }
[data-testid="stSidebar"] [data-testid="stNumberInputContainer"] button { width: 1.3rem; padding: 0; }
[data-testid="stSidebar"] [data-testid="stNumberInputContainer"] input { padding-right: 0; }
[data-testid="stSidebar"] [data-testid="stSlider"] { margin: -0.6rem 0 -0.55rem 0; padding: 0 0.35rem; }
[data-testid="stSidebar"] [data-testid="stSliderThumbValue"] { display: none; }
[data-testid="stSidebar"] [data-testid="stSliderTickBar"] { display: none; }
[data-testid="stSidebar"] .gd-in-force { font-size: 0.78rem; opacity: 0.75; text-align: right; margin-top: -0.2rem; }

.gd-title { font-size: 1.3rem; font-weight: 700; letter-spacing: -0.01em; line-height: 1.2; white-space: nowrap; }
.gd-title span { font-size: 0.82rem; font-weight: 400; opacity: 0.7; margin-left: 0.2rem; letter-spacing: 0; }
/* the way between the pages: a row of words */
.st-key-ways { gap: 0.15rem; margin: 0 0 0.1rem -0.5rem; flex-wrap: wrap; }
.st-key-ways > * { flex: none !important; width: auto !important; }
.st-key-ways [data-testid="stPageLink"] a { padding: 0.1rem 0.5rem; min-height: 0; border-radius: 6px; background: none; }
.st-key-ways [data-testid="stPageLink"] a:hover { background: color-mix(in srgb, currentColor 7%, transparent); }
.st-key-ways [data-testid="stPageLink"] a p { font-size: 0.88rem; }
.st-key-ways [data-testid="stPageLink"] a strong { box-shadow: 0 2px 0 var(--st-primary-color); }

/* the languages: another row of words */
.st-key-language { margin: -0.1rem 0 0.1rem -0.5rem; }
.st-key-language :is([data-testid="stButtonGroup"], [data-testid="stButtonGroup"] > div) { gap: 0.15rem; }
.st-key-language button {
  min-height: 0 !important; height: auto !important; padding: 0.05rem 0.5rem !important; border: 0 !important;
  border-radius: 6px !important; background: none !important; }
.st-key-language button, .st-key-language button * { color: inherit !important; }
.st-key-language button p { font-size: 0.78rem; }
.st-key-language button[data-selected="true"] p { font-weight: 700; box-shadow: 0 2px 0 var(--st-primary-color); }

/* the page of runs */
.st-key-runs { gap: 0.7rem !important; padding-bottom: 2rem; }
.st-key-runs-head { gap: 1.2rem; min-height: 2.6rem; }
.st-key-runs-head > :has([data-testid="elsewhere"]) { flex: 1 !important; }
.st-key-runs-head h1 { font-size: 1.5rem; font-weight: 700; padding: 0; margin: 0; }
.st-key-runs-head h1 span { font-size: 1rem; font-weight: 400; opacity: 0.65; margin-left: 0.3rem; }
[data-testid="stSidebar"][data-collapsed="true"] ~ * .st-key-runs-head { padding-left: 34px; }
.st-key-runs-actions { gap: 0.4rem; align-items: center; min-height: 2.5rem; }
.st-key-runs-actions > * { flex: none !important; width: auto !important; }
.st-key-runs-actions [data-testid="stPageLink"] a { min-height: 2.5rem; padding: 0.25rem 0.75rem; margin: 0;
  border: 1px solid var(--st-border-color); border-radius: 8px; background: none; }
.st-key-runs-actions [data-testid="stPageLink"] a p { font-size: 0.86rem; }
.st-key-runs-empty { margin: 12vh auto 0; max-width: 34rem; text-align: center; gap: 0.8rem !important; }
.st-key-runs-gone { padding: 0.3rem 0.8rem; border-radius: 8px; background: color-mix(in srgb, currentColor 6%, transparent); }
.gd-link, .gd-link:visited { display: inline-flex; align-items: center; min-height: 2.5rem; padding: 0.25rem 0.75rem;
  border: 1px solid var(--st-border-color); border-radius: 8px; color: inherit !important;
  text-decoration: none !important; font-size: 0.86rem; line-height: 1.6; }
.gd-link::before { content: ""; flex: none; width: 1.1rem; height: 1.1rem; margin-right: 0.5rem; background: currentColor;
  mask: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='black' \
stroke-width='2'%3E%3Cpath d='M12 4v11M7 10l5 5 5-5M5 16v4h14v-4'/%3E%3C/svg%3E") center / contain no-repeat; }
.gd-link:hover, .gd-link:focus-visible { border-color: var(--st-primary-color); color: var(--st-primary-color) !important; }
.gd-elsewhere { display: flex; align-items: center; justify-content: flex-end; gap: 0.5rem; margin: 0; min-width: 0; }
.gd-elsewhere[hidden] { display: none; }
.gd-elsewhere > * { font-size: 0.88rem; }
.gd-elsewhere b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.gd-elsewhere span { opacity: 0.8; white-space: nowrap; font-variant-numeric: tabular-nums; }
.gd-elsewhere i { flex: none; width: 9px; height: 9px; border-radius: 50%; border: 2px solid currentColor; opacity: 0.6; }
.gd-elsewhere[data-status="running"] i { background: var(--st-primary-color); border-color: currentColor; opacity: 1; }

/* what is written on a primary button: the page's ground, since white on the light blue of a dark page can hardly be read */
[data-testid^="stBaseButton-primary"]:not(:disabled), [data-testid^="stBaseButton-primary"]:not(:disabled) * {
  color: var(--st-background-color) !important; }

.gd-legend { display: flex; gap: 1rem; font-size: 0.8rem; opacity: 0.75; padding-top: 0.4rem; }

[data-testid="stSidebar"] [data-testid="stExpander"] details {
  border: 0; border-top: 1px solid var(--st-border-color); border-radius: 0; background: none; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary { padding: 0.2rem 0; min-height: 0; background: none; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary p {
  display: flex; justify-content: space-between; gap: 0.5rem; width: 100%; white-space: nowrap; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary [data-testid="stMarkdownContainer"] { width: 100%; }
[data-testid="stSidebar"] [data-testid="stExpander"] summary span { overflow: hidden; text-overflow: ellipsis; }
[data-testid="stSidebar"] [data-testid="stExpanderDetails"] { padding: 0 0 0.6rem 0; }
[data-testid="stSidebar"] [data-testid="stExpanderDetails"] [data-testid="stVerticalBlock"] { gap: 0.45rem; }

/* the menu of lessons: one a line, its title and then what it teaches */
[role="dialog"] [data-testid="stVerticalBlock"]:has(.gd-lessons) { gap: 0.15rem; }
[role="dialog"] .gd-lessons { font-size: 0.8rem; font-weight: 600; opacity: 0.75; margin: 0.7rem 0 0.1rem; padding: 0; }
[class*="st-key-lesson-"] button { min-height: 0; padding: 0.2rem 0.5rem; justify-content: flex-start; text-align: left; }
[class*="st-key-lesson-"] button > div { justify-content: flex-start; }
[class*="st-key-lesson-"] button p { font-size: 0.88rem; line-height: 1.3; }
[class*="st-key-lesson-"] button strong { margin-right: 0.4rem; }
@media (min-width: 56rem) {
  [class*="st-key-lesson-"] button strong { display: inline-block; min-width: 21rem; }
}
@media (forced-colors: active) { /* a slider is made of grounds alone */
  [data-testid="stSlider"] * { forced-color-adjust: none; }
}
/* p_g in a sentence, in the letters of the sentence */
.katex { font-family: inherit; font-size: 1em; }
.katex .mathsf { font-family: inherit; }
</style>"""
