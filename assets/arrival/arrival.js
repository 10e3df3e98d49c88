// @ts-check
/**
 * Says what keeps the live view away, in words, even where neither Streamlit's socket nor our modules come through:
 * so it is written into the page itself (`gandash/ui/arrival.py`), with its words in all languages, and needs nothing
 * else.
 */
(() => {
  const KNOCK_AFTER_MS = 3000;
  const KNOCK_MS = 3500;
  const LATE_MS = 8000;
  const place = /** @type {HTMLElement} */ (document.querySelector('.gd-arrival'));
  const line = /** @type {HTMLElement} */ (place.querySelector('span'));
  const early = /** @type {HTMLElement} */ (document.querySelector('.gd-early'));
  let themed = false;

  // What the address asks for, else the browser, as `best` in ../live/words.js
  const wanted = [new URLSearchParams(location.search).get('lang') ?? '', ...navigator.languages]
    .find(tag => /^(en|zh)(-|$)/i.test(tag)) ?? 'en';
  const isTraditional = !/hans/i.test(wanted) && /-(hant|tw|hk|mo)(-|$)/i.test(wanted);
  const known = JSON.parse(document.querySelector('.gd-words')?.textContent ?? '{}');
  /** @type {Record<string, string>} */
  const messages = (/^zh/i.test(wanted) && known[isTraditional ? 'zh_Hant' : 'zh_Hans']) || {};
  /** @param {string} message @param {Record<string, string>} [params] */
  const t = (message, params = {}) => (messages[message] || message)
    .replace(/\{(\w+)\}/g, (found, name) => params[name] ?? found);
  line.textContent = t('The picture is coming…');
  document.documentElement.style.setProperty('--gd-coming', JSON.stringify(line.textContent));

  /** What is there already: the live view has something to show, or the page itself says why there is none. */
  const isThere = () => document.querySelector(
    ':not(.gd-early) > .gd-live > *, [data-testid="stMain"] [data-testid="stAlert"]');

  /** The live view begins here and now, with a run under the name that the page's address gives it, or with what the
   * link in that address tells of: Streamlit's script, which comes later, gets the same run by that name. Whatever goes
   * wrong here, Streamlit mounts the view. */
  function begin() {
    const address = new URL(location.href);
    if (!address.searchParams.get('run')) {
      const random = [...crypto.getRandomValues(new Uint8Array(8))].map(byte => byte.toString(16)).join('');
      address.searchParams.set('run', `new-${random}`);
      history.replaceState(history.state, '', address);
    }
    /** @type {HTMLLinkElement | null} */
    const entry = document.querySelector('link[rel="modulepreload"][href*="/live.js?"]');
    /** @type {(live: typeof import('../live/live.js')) => unknown} */
    const beginView = live => isThere() || live.begin(early, address.searchParams.get('run') ?? '',
      address.searchParams.get('game') ?? '');
    if (entry) import(entry.href).then(beginView, () => {});
  }

  const look = () => {
    if (isThere()) return leave();
    if (!('shown' in place.dataset) && early.querySelector('.gd-live[data-measured]')) {
      place.dataset.shown = '';
    }
    const app = document.querySelector('[data-testid="stApp"]');
    if (!app || themed) return;
    themed = true;
    place.style.color = getComputedStyle(app).color;
  };
  const watch = new MutationObserver(look);
  const timers = [setTimeout(knock, KNOCK_AFTER_MS), setTimeout(late, LATE_MS)];

  function leave() {
    watch.disconnect();
    timers.forEach(clearTimeout);
    place.remove();
    if (!early.firstChild) early.remove();
  }

  /** @param {string[]} sentences */
  function say(...sentences) {
    if (!place.isConnected) return;
    place.dataset.trouble = '';
    place.setAttribute('role', 'alert');
    line.textContent = sentences.join('\n');
  }

  /** Does a WebSocket get through, and does the server take this page for its own? */
  function knock() {
    if ('shown' in place.dataset) return; // what is shown came by that very way
    const url = new URL('gandash/live', document.baseURI);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.search = url.hash = '';
    const socket = new WebSocket(url);
    const patience = setTimeout(() => {
      socket.onclose = null;
      socket.onopen = () => socket.close(); // closed before it is open, the browser would complain in its console
      unreached(url);
    }, KNOCK_MS);
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token: '' }));
    socket.onclose = ({ code, reason }) => {
      clearTimeout(patience);
      if (code === 4403) refused(reason);
      else if (code !== 4401) unreached(url); // 4401: it asked for a token, as it should
    };
  }

  /** @param {string} host what the server takes for its name */
  function refused(host) {
    say(
      t('The server does not take this page for its own: the page’s address is {address}, but to the server the '
        + 'request’s {reason}.', { address: location.origin, reason: host ? t('Host is {host}', { host })
        : t('Host is another') }),
      t('A proxy in between changes Host. Let it pass Host on (nginx: {setting}), or start the app with {variable}, '
        + 'and reload the page.',
      { setting: 'proxy_set_header Host $http_host;', variable: `GANDASH_HOSTS=${location.host}` }),
    );
  }

  /** @param {URL} url */
  function unreached(url) {
    say(
      t('The page is here, but its WebSocket ({address}) does not reach the server. A proxy in between may not pass '
        + 'WebSockets on, or the server is gone.', { address: url.href }),
      t('nginx needs: {settings}', { settings: 'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; '
        + 'proxy_set_header Connection "upgrade";' }),
      t('Then reload the page.'),
    );
  }

  function late() {
    if ('trouble' in place.dataset) return;
    say(
      'shown' in place.dataset ? t('The controls take longer than they should.')
        : t('The picture takes longer than it should.'),
      t('The server may be busy, or what this page loads does not come through.'),
      t('If nothing changes in half a minute, reload the page. Behind a proxy, see that it passes on everything below '
        + '{address}, above all gandash/assets/ and static/.', { address: new URL('.', document.baseURI).href }),
    );
  }

  watch.observe(document.body, { childList: true, subtree: true, attributeFilter: ['data-measured'] });
  look();
  begin();
})();
