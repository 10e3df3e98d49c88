"""The app with a page that plays one game of every kind of data: no preset has to be there for it."""

import streamlit as st

from gandash.ui.routes import lifespan, middleware, routes

app = st.App("kinds_page.py", routes=routes, lifespan=lifespan, middleware=middleware)
