import assert from 'node:assert/strict'
import test from 'node:test'
import { shown } from '../format.js'

const page = (template) => `<template>\n${template}\n</template>\n`

test('a template laid out otherwise shows the same', () => {
  const flat = `<p v-if="a && b"><b>{{ t('甲') }}</b><i>{{ n }}</i></p>`
  const laid = `<p\n  v-if="\n    a &&\n    b\n  "\n>\n  <b>\n    {{ t("甲") }}\n  </b>\n  <i>{{ n }}</i>\n</p>`
  assert.equal(shown(page(flat)), shown(page(laid)))
})

test('a blank that comes or goes between words or elements is told', () => {
  assert.notEqual(shown(page('<p>{{ a }}<b>{{ b }}</b></p>')), shown(page('<p>\n  {{ a }}\n  <b>{{ b }}</b>\n</p>')))
  assert.notEqual(shown(page('<p><i>甲</i> <b>乙</b></p>')), shown(page('<p>\n  <i>甲</i>\n  <b>乙</b>\n</p>')))
  assert.equal(shown(page('<p>{{ a }} <b>{{ b }}</b></p>')), shown(page('<p>\n  {{ a }}\n  <b>{{ b }}</b>\n</p>')))
})
