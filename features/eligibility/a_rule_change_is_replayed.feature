Feature: A change of the rules is tried on every family answered before
  The report says who would be answered differently. It changes nobody's answer: whoever would now have a yes is
  gone back to by a person.

  Scenario Outline: Only families between the old limit and the new one would be answered differently
    Given a family of three with a yearly income of <income>
    When the request is checked
    And Ada proposes to raise the fund's income limit by a fifth
    And the change is tried on every family answered before
    Then the family would be answered <after>
    And the domestic fund says <before>

    Examples:
      | income     | before     | after      |
      | $54,640.00 | eligible   | eligible   |
      | $54,640.01 | ineligible | eligible   |
      | $65,568.00 | ineligible | eligible   |
      | $65,568.01 | ineligible | ineligible |

  Scenario: A change is approved by another person, after the report, and the family is gone back to
    Given a family of three with a yearly income of $60,000.00
    When the request is checked
    And Ada proposes to raise the fund's income limit by a fifth
    Then Noor cannot approve the change before it was tried
    When the change is tried on every family answered before
    Then Ada cannot approve her own change
    When Noor approves the change
    Then Ana is asked to look at the family again
    And the domestic fund says ineligible
    When Ana checks the family again
    Then the domestic fund says eligible
    And nobody is asked to look at the family again

  Scenario: A stricter rule takes nothing back by itself
    Given a family of three with a yearly income of $54,640.00
    When the request is checked
    And Ada proposes to lower the fund's income limit by a hundredth
    And the change is tried on every family answered before
    And Noor approves the change
    Then the domestic fund says eligible
    And nobody is asked to look at the family again
