import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import { defineAsyncComponent } from 'vue'
import Layout from './Layout.vue'
import './style.css'
import './home.css'
import './code.css'
import './print.css'

// A component is fetched by the pages that have it, and by no other.
const components = import.meta.glob('./components/*.vue')

export default {
  extends: DefaultTheme,
  Layout,
  enhanceApp({ app }) {
    for (const [file, load] of Object.entries(components)) {
      const name = file.replace(/^.*\/|\.vue$/g, '')
      app.component(name, defineAsyncComponent(load as never))
    }
  },
} satisfies Theme
