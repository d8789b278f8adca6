"""Every sentence of the page where a family sends papers, in English and Spanish."""

from __future__ import annotations

PAPERS: dict[str, tuple[str, str]] = {
    "send_heading": ("Send us a paper", "Envíenos un documento"),
    "send_link": ("Send a photo or a PDF", "Enviar una foto o un PDF"),
    "send_intro": (
        "A photo of the paper is enough. Put it on a table, in good light, so that every line can be read.",
        "Basta una foto del documento. Póngalo en una mesa, con buena luz, para que se lea cada línea.",
    ),
    "send_warning_heading": (
        "One kind of picture, please do not send",
        "Una clase de foto que le pedimos no enviar",
    ),
    "send_warning": (
        "You may have a picture or a video of a child without clothes, or of a child being hurt sexually. "
        "Please do not send it here. Do not pass it on to anyone, even to help. "
        "Keep the phone as it is and give it to the police: call 911. "
        "You can also call 1-800-843-5678, day or night; they know what to do. "
        "You did nothing wrong. You can call us too.",
        "Quizá tiene una foto o un video de un niño o una niña sin ropa, o a quien le hacen daño sexual. "
        "Por favor, no lo envíe por aquí. No lo comparta con nadie, ni siquiera para ayudar. "
        "Deje el teléfono como está y entréguelo a la policía: llame al 911. "
        "También puede llamar al 1-800-843-5678, de día o de noche; allí saben qué hacer. "
        "Usted no hizo nada mal. También puede llamarnos a nosotros.",
    ),
    "send_kind": ("What is it?", "¿Qué es?"),
    "send_choose": ("Please choose", "Elija, por favor"),
    "paper_police_report": ("Police report", "Reporte de la policía"),
    "paper_court_order": ("Court order", "Orden de un juez"),
    "paper_custody_paper": ("Custody paper", "Documento de custodia"),
    "paper_identity": (
        "ID or passport, for the ticket only",
        "Identificación o pasaporte, solo para el boleto",
    ),
    "paper_receipt": ("Receipt", "Recibo"),
    "paper_consent_paper": ("A signed permission", "Un permiso firmado"),
    "paper_other": ("Something else", "Otra cosa"),
    "send_files": ("Photos or PDF", "Fotos o PDF"),
    "send_files_hint": (
        "Up to 5 at a time, 10 MB each. We remove from the photo where it was taken.",
        "Hasta 5 a la vez, de 10 MB cada uno. Borramos de la foto el lugar donde se tomó.",
    ),
    "send_button": ("Send", "Enviar"),
    "sent_thanks": ("We have it. Thank you.", "Lo recibimos. Gracias."),
    "sent_some": (
        "We have the others. These need another try:",
        "Recibimos los demás. Con estos hay que intentar otra vez:",
    ),
    "sent_none": ("This needs another try:", "Hay que intentar otra vez:"),
    "sent_heading": ("What you sent", "Lo que usted envió"),
    "sent_nothing": ("Nothing yet.", "Todavía nada."),
    "sent_back": ("Back to your papers", "Volver a sus documentos"),
    "sent_look": ("Look at it", "Verlo"),
    "sent_save": ("Save it as a file", "Guardarlo como archivo"),
    "sent_picture": ("The picture you sent", "La foto que usted envió"),
    "sent_not_scanned": (
        "We have it. It is being checked.",
        "Lo recibimos. Lo estamos revisando.",
    ),
    "sent_clean": ("We have it.", "Lo recibimos."),
    "sent_infected": (
        "This file has something in it that harms computers. Please send a photo of the paper instead. "
        "It is not your fault.",
        "Este archivo tiene algo que daña las computadoras. Envíe una foto del documento en su lugar. "
        "No es culpa suya.",
    ),
    "sent_quarantined": (
        "We put this one aside without looking at it. Please call us.",
        "Apartamos este archivo sin verlo. Por favor, llámenos.",
    ),
    "sent_removed": ("We no longer keep this one.", "Este ya no lo guardamos."),
    "sent_refused": ("This one did not work.", "Este no funcionó."),
    "sent_unnamed": ("A file", "Un archivo"),
    "wrong_kind": ("Please choose what it is.", "Elija qué es, por favor."),
    "wrong_files": ("Please choose a photo or a PDF.", "Elija una foto o un PDF, por favor."),
    "wrong_many": (
        "Please send up to 5 at a time.",
        "Envíe hasta 5 a la vez, por favor.",
    ),
    "wrong_full": (
        "We have many papers from you already. Please call us and we will look through them together.",
        "Ya tenemos muchos documentos suyos. Llámenos y los revisamos juntos.",
    ),
    # why a file did not work, and what to do
    "not_empty": ("The file is empty. Please choose it again.", "El archivo está vacío. Elíjalo otra vez."),
    "not_too_large": (
        "It is larger than 10 MB. Please take a smaller photo, or send the pages one by one.",
        "Pesa más de 10 MB. Tome una foto más pequeña o envíe las páginas una por una.",
    ),
    "not_not_a_paper": (
        "It is not a photo or a PDF. Please take a photo of the paper and send that.",
        "No es una foto ni un PDF. Tome una foto del documento y envíela.",
    ),
    "not_heic": (
        "It is an iPhone photo we cannot read. Take a screenshot of the photo and send the screenshot.",
        "Es una foto de iPhone que no podemos leer. Haga una captura de pantalla de la foto y envíela.",
    ),
    "not_too_many_pixels": (
        "The photo is too large. Please take it again at a normal size.",
        "La foto es demasiado grande. Tómela otra vez en tamaño normal.",
    ),
    "not_moving": (
        "It is a moving picture. Please take a plain photo of the paper.",
        "Es una imagen con movimiento. Tome una foto normal del documento.",
    ),
    "not_broken_image": (
        "The photo did not arrive whole. Please take it again.",
        "La foto no llegó completa. Tómela otra vez.",
    ),
    "not_password": (
        "The PDF asks for a password. Please take photos of its pages, or save it without one.",
        "El PDF pide una contraseña. Tome fotos de las páginas o guárdelo sin contraseña.",
    ),
    "not_broken_pdf": (
        "The PDF did not arrive whole. Please send it again, or take photos of its pages.",
        "El PDF no llegó completo. Envíelo otra vez o tome fotos de las páginas.",
    ),
    "not_active": (
        "The PDF has a program in it. Please take photos of its pages.",
        "El PDF tiene un programa adentro. Tome fotos de las páginas.",
    ),
    "not_attachments": (
        "The PDF has other files in it. Please send each one alone, or take photos of the pages.",
        "El PDF tiene otros archivos adentro. Envíe cada uno por separado o tome fotos de las páginas.",
    ),
    "not_too_many_pages": (
        "The PDF has more than 200 pages. Please send only the pages we asked about.",
        "El PDF tiene más de 200 páginas. Envíe solo las páginas que le pedimos.",
    ),
    "not_more_inside": (
        "The PDF has something else attached to it. Please take photos of its pages.",
        "El PDF trae otra cosa pegada. Tome fotos de las páginas.",
    ),
    "not_too_slow": (
        "We could not read it in time. Please take photos of the pages.",
        "No pudimos leerlo a tiempo. Tome fotos de las páginas.",
    ),
}
