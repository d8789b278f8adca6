Feature: Papers families and staff send in
  A police report, a court order, a receipt: usually a photo taken with a phone. It is kept sealed as it was sent; people look at a
  copy. Nobody has to look at a picture in order to stop it.

  Scenario: A photo does not say where the family lives
    Given the family of story b has a page of its own
    When the mother sends a photo that says where it was taken
    Then the picture she sees does not say it

  Scenario: A paper waits for the malware scan, but not for the one who sent it
    Given the family of story b has a page of its own
    And no scanner answers
    When the mother sends a photo that says where it was taken
    Then she can look at it, and Ana cannot yet
    When the scanner is back and finds nothing
    Then Ana can look at it too

  Scenario: A paper is set aside unseen
    Given the family of story b has a page of its own
    When the mother sends a photo that says where it was taken
    And the scanner is back and finds nothing
    And Ana sets it aside without opening it
    Then neither Ana nor the mother can look at it
    And the file that was sent is kept as it was
    And it is set aside at once when it is sent again

  Scenario: A file that cannot be taken says what to do, and the mother did nothing wrong
    Given the family of story b has a page of its own
    Then each of these files is answered in her words
      | file                               | words                                        |
      | a PDF with a password              | The PDF asks for a password.                 |
      | a PDF with a program in it         | The PDF has a program in it.                 |
      | a PDF cut short                    | The PDF did not arrive whole.                |
      | an iPhone photo in HEIC            | It is an iPhone photo we cannot read.        |
      | a photo of one byte over 10 MB     | It is larger than 10 MB.                     |
      | a picture of 2,500 million dots    | The photo is too large.                      |
