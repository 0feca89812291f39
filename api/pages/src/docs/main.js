/** The browsable API description at /docs: swagger-ui over /openapi.json, from local files only. */
import 'swagger-ui-dist/swagger-ui.css'
import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js'

SwaggerUI({ url: '/openapi.json', dom_id: '#app', deepLinking: true, validatorUrl: null, supportedSubmitMethods: [] })
