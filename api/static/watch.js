// A case's page says when somebody else has changed the case. It asks twice a minute, only while it is looked at, and
// never loads itself again: what one is reading or comparing stays.
const notice = document.querySelector('[data-watched]')
const EVERY_MS = 30_000
let asking

async function ask () {
  const answer = await fetch(notice.dataset.watched, { headers: { 'If-None-Match': `"${notice.dataset.version}"` }, cache: 'no-store' })
  if (answer.status !== 200) return
  const { version } = await answer.json()
  if (version === Number(notice.dataset.version)) return
  clearInterval(asking)
  const again = document.createElement('a')
  again.href = location.pathname
  again.className = 'govuk-link'
  again.textContent = 'Show it as it is now'
  const said = document.createElement('p')
  said.className = 'govuk-body'
  said.append(`Somebody has changed this case since you opened it: it is now at version ${version}. `, again)
  notice.append(said)
}

function look () {
  if (!document.hidden) ask().catch(() => {}) // out of reach for now: the next time may do
}
asking = setInterval(look, EVERY_MS)
document.addEventListener('visibilitychange', look)
