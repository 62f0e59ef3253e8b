// What pages can do better where scripts run. Everything works without: nothing here sends, hides or decides anything.
import { initAll } from './govuk-frontend.min.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
if (document.querySelector('select[data-long]')) await import('./long-lists.js')
if (document.querySelector('[data-module^="moj-"]')) {
  const moj = await import('./moj-frontend.min.js')
  moj.initAll()
}
