"""The app with a page of comparisons alone: what the lab's page offers beside them is none of these tests' concern."""

import streamlit as st

from gandash.ui.routes import lifespan, middleware, routes

app = st.App("compared_page.py", routes=routes, lifespan=lifespan, middleware=middleware)
