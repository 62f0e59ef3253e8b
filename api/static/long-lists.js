// A long list can be found by typing a part of any of its words. The list stays what is sent: before the form goes, it is
// set to what stands in the box, and to nothing where that is none of its choices.
import './accessible-autocomplete.min.js'

const NEXT = 'Type to search the list, then choose with the up and down arrows and Enter.'

function escaped (words) {
  const holder = document.createElement('i')
  holder.textContent = words
  return holder.innerHTML
}

function enhance (select) {
  const choices = [...select.options].filter(one => one.value)
  const words = choices.map(one => one.textContent.trim())
  if (new Set(words).size < words.length) return // two that read alike: only the list tells them apart
  const about = (select.getAttribute('aria-describedby') ?? '').split(' ').map(id => document.getElementById(id)?.textContent.trim())
  const id = select.id
  self.accessibleAutocomplete.enhanceSelectElement({
    selectElement: select,
    defaultValue: '',
    placeholder: [...select.options].find(one => !one.value)?.textContent,
    autoselect: false,
    confirmOnBlur: false,
    showAllValues: true,
    displayMenu: 'overlay',
    inputClasses: select.classList.contains('govuk-select--error') ? 'govuk-input--error' : null,
    source: (typed, show) => {
      const parts = typed.trim().toLowerCase().split(/\s+/)
      show(words.filter(one => parts.every(part => one.toLowerCase().includes(part))))
    },
    templates: { inputValue: one => one, suggestion: escaped },
    tNoResults: () => 'None of the choices has these words',
    tAssistiveHint: () => [...about, NEXT].filter(Boolean).join(' ')
  })
  select.form.addEventListener('submit', () => {
    const typed = document.getElementById(id).value.trim().toLowerCase()
    select.value = choices[words.findIndex(one => one.toLowerCase() === typed)]?.value ?? ''
  })
}

document.querySelectorAll('select[data-long]').forEach(enhance)
