/**
 * Vant's toast and dialog with their styles (the template resolver does not find functions), fetched when first needed.
 */
import 'vant/es/toast/style'
import 'vant/es/dialog/style'

export { showConfirmDialog, showToast } from 'vant'
